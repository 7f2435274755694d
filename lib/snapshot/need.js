'use strict'

// How much memory V8 needs to take a snapshot. It goes with the number of objects, from 1 to 28 bytes for
// a byte of heap; `__test__/snapshot-need.csv` has what bench/snapshot/need.js measured on Node.js 20 to 26.

const v8 = require('node:v8')

/** Where there is nothing to tell of: copies of written pages, V8's own tables. */
const BYTES_AT_LEAST = 40e6

/** An object and the edges that lead from it: 240 to 480. */
const BYTES_PER_OBJECT = 350

/**
 * V8 keeps a name for each index at which an array holds a pointer, one for all arrays, in the buffer of
 * 1024 bytes that it printed it into. So one array of a million objects needs a gigabyte for them, and
 * a thousand arrays of a thousand a megabyte.
 */
const BYTES_PER_INDEX = 1040

/** Numbers, Buffers and long strings are hardly a part of the graph. */
const LEAST = 32e6
const LEAST_PER_BYTE = 0.15

/** A guess for who cannot count first: small objects in many containers 4 to 7, closures 7, arrays of pointers 9. */
const USUAL_PER_BYTE = 8
const SMALLEST_OBJECT = 32

/**
 * In the process nobody can give up half way, so it is the worst that was measured: objects whose keys no two of
 * them share. Common heaps need 4 to 8 of it.
 */
const WORST_PER_BYTE = 13

/** What who parses the text needs besides: 0.3 to 2.6, the most for arrays of pointers. */
const PARSED_PER_BYTE = 2.8

const LARGE = ['large_object_space', 'new_large_object_space']

/** @returns {{used: number, large: number}} bytes; large: of objects that have pages of their own */
function readHeap () {
  const large = v8.getHeapSpaceStatistics()
    .filter(({ space_name: name }) => LARGE.includes(name))
    .reduce((sum, { space_used_size: size }) => sum + size, 0)
  return { used: v8.getHeapStatistics().used_heap_size, large }
}

/** What any heap of this size needs, whatever is in it. */
function leastNeed ({ used }) {
  return LEAST + used * LEAST_PER_BYTE
}

/** What most heaps of this size need, or less. */
function usualNeed (heap) {
  return needPerByte(heap, USUAL_PER_BYTE)
}

/**
 * What any heap of this size needs, or less.
 * @param {boolean} [parses] whether the text is parsed in the same process, to redact or to compare
 */
function worstNeed (heap, parses = false) {
  return needPerByte(heap, WORST_PER_BYTE) + (parses ? heap.used * PARSED_PER_BYTE : 0)
}

function needPerByte ({ used, large }, perByte) {
  const small = Math.max(0, used - large)
  return BYTES_AT_LEAST + small * perByte + large + Math.min(slots(large), small / SMALLEST_OBJECT) * BYTES_PER_INDEX
}

/**
 * What a heap of so many objects needs. That each large object is one array with something different in
 * every slot is the worst that can be; of Maps half of that is true.
 */
function needOf ({ large }, objects) {
  return BYTES_AT_LEAST + objects * BYTES_PER_OBJECT + Math.min(slots(large), objects) * BYTES_PER_INDEX
}

/** The other way round: for how many objects so much memory suffices. */
function objectsFor ({ large }, bytes) {
  const spare = Math.max(0, bytes - BYTES_AT_LEAST)
  const withNames = spare / (BYTES_PER_OBJECT + BYTES_PER_INDEX)
  return Math.floor(withNames <= slots(large) ? withNames : (spare - slots(large) * BYTES_PER_INDEX) / BYTES_PER_OBJECT)
}

/** Pointers that there is room for. */
function slots (bytes) {
  return bytes / 8
}

module.exports = { leastNeed, needOf, objectsFor, readHeap, usualNeed, worstNeed }
