'use strict'

// What a cluster's worker and its primary say to each other. An app that listens to 'message' sees them
// too, and knows them by `tidemark`.

/** The worker wants a replacement. */
const ASK = 'recycle:replace'
/** The primary has heard it. */
const HEARD = 'recycle:heard'
/** The replacement listens. */
const READY = 'recycle:ready'
/** There is none, and `reason` says why. */
const FAILED = 'recycle:failed'

/** @returns {{is: string, reason?: string, listens?: boolean, forMs?: number} | undefined} undefined: it is no message of ours */
function readMessage (message) {
  const told = typeof message === 'object' && message !== null ? message.tidemark : undefined
  return typeof told?.is === 'string' && told.is.startsWith('recycle:') ? told : undefined
}

module.exports = { ASK, FAILED, HEARD, READY, message: (is, more) => ({ tidemark: { is, ...more } }), readMessage }
