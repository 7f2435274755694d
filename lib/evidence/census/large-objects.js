'use strict'

const v8 = require('node:v8')
const { isCrowdedEmitter } = require('./shape')

/**
 * Enumerating a dictionary cannot be interrupted: 0.3 to 0.5 us a key, so this many take up to 50 ms. There is no way to ask for
 * the number of keys alone, but a table of that many lies in V8's space of large objects, at no less
 * than 36 bytes a key. While more of that space is unexplained than this many keys, the properties
 * of objects wait, but for those that their source names; what was found to be a large Map or Array
 * explains some. Functions do not wait, nor private fields of what no class fills by computed keys:
 * hardly any is a dictionary, and much is found by them.
 */
const MAX_KEYS = 1.25e5
const BYTES_A_KEY = 36
const MOST_UNEXPLAINED = MAX_KEYS * BYTES_A_KEY
/** Bytes that an entry accounts for at most: tables double, and the former one may still lie there. */
const EXPLAINED = { map: 85, set: 65, array: 24, object: 72, emitter: 24, timers: 0, text: 1, entries: 8, chain: 0, queue: 8 }

function largeObjectSpace () {
  return v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'large_object_space')?.space_used_size ?? 0
}

/** Bytes of the space of large objects that a container accounts for. */
function bytesExplained (container, shape, size) {
  if (size <= 10000) return 0
  return size * EXPLAINED[shape === 'emitter' && isCrowdedEmitter(container) ? 'object' : shape]
}

/**
 * Whether there may be dictionaries that are too large to be listed, beside what is known.
 * @param {import('./ledger').Record[]} known
 */
function mayHideDictionary (known) {
  const explained = known.reduce((sum, { ref, shape, last }) => sum + bytesExplained(ref.deref() ?? {}, shape, last.size), 0)
  return largeObjectSpace() - explained > MOST_UNEXPLAINED
}

module.exports = { MOST_UNEXPLAINED, bytesExplained, largeObjectSpace, mayHideDictionary }
