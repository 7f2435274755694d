'use strict'

const cluster = require('node:cluster')
const { once } = require('node:events')
const { setTimeout } = require('node:timers')
const { setTimeout: wait } = require('node:timers/promises')

/** As a shell says of a process that SIGTERM has ended. */
const EXIT_CODE = 128 + 15

/** What the primary has handed over before it knew that this worker takes no more comes within this time. */
const HANDED_MS = 500

/**
 * Ends the process as SIGTERM would: by the app's own listener where there is one.
 * @param {{mostMs: number, isReplaced: boolean}} how mostMs: how long that may take; isReplaced: in a cluster the
 *   primary must start nobody else
 */
async function leave ({ mostMs, isReplaced }) {
  if (cluster.isWorker && process.connected) await (isReplaced ? leaveCluster(mostMs) : wait(HANDED_MS))
  if (process.listenerCount('SIGTERM') === 0) process.exit(EXIT_CODE)
  const timer = setTimeout(() => process.exit(EXIT_CODE), mostMs)
  // From then on an app that has closed all it has ends by itself; before, it would end without having heard.
  process.prependOnceListener('SIGTERM', () => timer.unref())
  // Windows ends a process that is sent one without asking it.
  if (process.platform === 'win32') process.emit('SIGTERM', 'SIGTERM')
  else process.kill(process.pid, 'SIGTERM')
}

/**
 * A connection that the primary has just handed to this worker goes back, to be given to another one: all of
 * them have when the channel closes. The primary then takes the exit for one that was wanted.
 */
async function leaveCluster (mostMs) {
  const gone = once(process, 'disconnect', { signal: AbortSignal.timeout(mostMs) })
  cluster.worker?.disconnect()
  await gone.catch(() => {})
}

module.exports = { leave }
