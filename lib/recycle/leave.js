'use strict'

const cluster = require('node:cluster')
const { once } = require('node:events')
const { setTimeout } = require('node:timers')

/** As a shell says of a process that SIGTERM has ended. */
const EXIT_CODE = 128 + 15

/**
 * Ends the process as SIGTERM would: by the app's own listener where there is one.
 * @param {number} mostMs how long that may take
 */
async function leave (mostMs) {
  if (cluster.isWorker && process.connected) await leaveCluster(mostMs)
  if (process.listenerCount('SIGTERM') === 0) process.exit(EXIT_CODE)
  setTimeout(() => process.exit(EXIT_CODE), mostMs)
  // Windows ends a process that is sent one without asking it.
  if (process.platform === 'win32') process.emit('SIGTERM', 'SIGTERM')
  else process.kill(process.pid, 'SIGTERM')
}

/**
 * A connection that the primary has just handed to this worker goes back, to be given to another one: only
 * what this worker has answered to when the channel closes is not lost.
 */
async function leaveCluster (mostMs) {
  const gone = once(process, 'disconnect', { signal: AbortSignal.timeout(mostMs) })
  cluster.worker.disconnect()
  await gone.catch(() => {})
}

module.exports = { leave }
