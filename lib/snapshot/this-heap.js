'use strict'

const v8 = require('node:v8')

/**
 * Lets V8 take a snapshot of this heap in the process, and hands its bytes over as V8 writes them. The
 * event loop stands still meanwhile, since V8 can do neither in steps. It ends the process where memory
 * does not suffice: only after `checkMemory`.
 *
 * The stream would queue all of the JSON first, as much memory as the heap itself again; `push` is
 * where the pieces come by.
 *
 * @param {(chunk: Uint8Array) => void} take must not throw: V8 would call on
 */
function readThisHeap (take) {
  const stream = v8.getHeapSnapshot()
  stream.push = (chunk) => {
    if (chunk !== null) take(chunk)
    return true
  }
  stream.read(0)
  // What a Node.js queued that does not come by `push`.
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) take(chunk)
  stream.destroy()
}

module.exports = { readThisHeap }
