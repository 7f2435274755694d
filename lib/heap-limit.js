'use strict'

/** Node.js's own snapshots at the heap's limit. */
const NODES_OWN = '--heapsnapshot-near-heap-limit'

/** With how many it may write. */
const ASKED = /--heapsnapshot-near-heap-limit(?:=|\s+)(\d+)/g

/**
 * V8 asks for a higher heap limit only who registered last: whoever registers after Node.js itself takes
 * its option away from the user.
 * @returns {string | undefined} the option of Node.js that is on
 */
function heapLimitTakenBy () {
  // The last one counts, and 0 is off: the test runner of Node.js 26 names every option to its children.
  const told = [process.env.NODE_OPTIONS ?? '', process.execArgv.join(' ')].flatMap((args) => [...args.matchAll(ASKED)]).at(-1)
  return told === undefined || Number(told[1]) === 0 ? undefined : NODES_OWN
}

module.exports = { heapLimitTakenBy }
