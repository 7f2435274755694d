'use strict'

/** Node.js's own snapshots at the heap's limit. */
const NODES_OWN = '--heapsnapshot-near-heap-limit'

/**
 * V8 asks for a higher heap limit only who registered last: whoever registers after Node.js itself takes
 * its option away from the user.
 * @returns {string | undefined} the option of Node.js that is on
 */
function heapLimitTakenBy () {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((arg) => arg.includes(NODES_OWN)) ? NODES_OWN : undefined
}

module.exports = { heapLimitTakenBy }
