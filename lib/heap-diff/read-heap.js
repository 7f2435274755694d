'use strict'

const v8 = require('node:v8')

/**
 * Takes a snapshot of this heap and hands its bytes to `reader` as V8 writes them. The event loop
 * stands still meanwhile, since V8 can do neither in steps.
 *
 * The stream would queue all of the JSON first, as much memory as the heap itself again; `push` is
 * where the pieces come by.
 *
 * @param {{feed (chunk: Uint8Array): boolean}} reader
 */
function readHeap (reader) {
  const stream = v8.getHeapSnapshot()
  stream.push = (chunk) => {
    if (chunk !== null) reader.feed(chunk)
    return true
  }
  stream.read(0)
  // What a Node.js queued that does not come by `push`.
  for (let chunk = stream.read(); chunk !== null; chunk = stream.read()) reader.feed(chunk)
  stream.destroy()
}

module.exports = { readHeap }
