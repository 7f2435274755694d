'use strict'

const { clearTimeout, setTimeout } = require('node:timers')
const { ASK, FAILED, HEARD, READY, message, readMessage } = require('./talk')

/** A primary that has not answered by then does not know of this. */
const HEAR_MS = 5000

/**
 * A cluster's worker asks its primary to start another one, and waits until that listens.
 * @param {{listens: boolean, forMs: number}} wish listens: whether the replacement is one that does; forMs: this
 *   worker has gone that long after it
 * @returns {Promise<'ready' | 'nobody' | {reason: string}>} nobody: the primary does not call `recycle.primary()`
 */
function askForReplacement (wish) {
  return new Promise((resolve) => {
    const done = (answer) => {
      clearTimeout(timer)
      process.off('message', hear)
      process.off('disconnect', gone)
      resolve(answer)
    }
    const gone = () => done('nobody')
    const hear = (received) => {
      const { is, reason } = readMessage(received) ?? {}
      if (is === HEARD) clearTimeout(timer)
      if (is === READY) done('ready')
      if (is === FAILED) done({ reason: String(reason) })
    }
    const timer = setTimeout(gone, HEAR_MS)
    process.on('message', hear)
    process.once('disconnect', gone)
    if (process.connected !== true) gone()
    else process.send?.(message(ASK, wish), undefined, undefined, (error) => { if (error) gone() })
  })
}

module.exports = { askForReplacement }
