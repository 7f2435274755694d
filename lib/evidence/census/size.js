'use strict'

const { types } = require('node:util')
const {
  firstEntries, getOwnPropertyDescriptor, isArray, isMap, isReadable, isSet, mapSize, own, ownKeys, setSize, storeOf,
  typeName, weakMapGet
} = require('./read')
const { keysNamedByClass } = require('./named-keys')
const { isCrowdedEmitter, isPlain } = require('./shape')

/** Objects of one entry that are looked into. */
const MAX_NODES = 300
const MAX_DEPTH = 5
const MAX_KEYS = 60
const NONE = new Set()
/** Objects with more keys than that are not listed a second time. */
const CROWDED = 1000
const crowded = new WeakSet()

/** Bytes of an ArrayBuffer's own object, and of a view of it. */
const STORE_BYTES = 64
const VIEW_BYTES = 96
/** Entries that share an ArrayBuffer, from which on the distance between two tells what one takes of it. */
const MANY_SHARE = 8
/** Larger ones are nobody's pool. */
const LARGEST_POOL = 65536

/** V8 makes slices and concatenations of strings of this length: they hold others, and nobody can see it. */
const MAY_HOLD_OTHERS = 13
/** Longer ones differ from each other, though they be equal. Shorter ones may be one and the same. */
const LONGEST_SHARED = 10
/** Characters that are looked at to tell whether a string has two bytes each. */
const LOOKED_AT = 256
// oxlint-disable-next-line no-control-regex
const TWO_BYTES = /[^\u0000-\u00FF]/
/** From one to the next in a list that an entry is a part of, as a cache keeps its entries in order. */
const TO_NEIGHBOUR = /^(?:Symbol\()?[_#]?(?:prev(?:ious)?|next|newer|older|list|parent|_idleNext|_idlePrev)\)?$/i

/**
 * What is reached from the roots of an entry. Of what is long only a part is looked at, which then
 * counts for all of it (`weight`).
 * @typedef {{
 *   objects: Map<object, number>, overhead: number, texts: Map<string, number>, textBytes: number, isCut: boolean,
 *   stores: Map<object, {bytes: number, weight: number, offset: number, viewed: number}>
 * }} Body
 * `objects`: each with its own size and that of its numbers and long strings; `overhead`: of roots that
 * are no objects; `texts`: short strings, by what they say; `textBytes`: of strings that may hold others;
 * `isCut`: there is more than was looked at
 *
 * @param {unknown[]} roots
 * @param {{container: object, isShared: (object: object) => boolean, careful: boolean, weakMaps: WeakMap<object, unknown>[], apart?: Set<object>, most?: number, deepest?: number}} options
 *   an entry may know its container, which is not what the entry costs; `apart`: other entries, which one may lead to;
 *   `most`: objects; `deepest`: steps from a root
 * @returns {Body}
 */
function bodyOf (roots, { container, isShared, careful, weakMaps, apart = NONE, most = MAX_NODES, deepest = MAX_DEPTH }) {
  const body = { objects: new Map(), overhead: 0, texts: new Map(), textBytes: 0, isCut: false, stores: new Map() }
  const { objects } = body
  const queue = []
  const neighbours = new Set(roots.filter(isReadable).map(typeName))
  /** @returns {number} bytes of what is no object */
  const add = (value, depth, weight) => {
    if (!isReadable(value)) return typeof value === 'string' ? addText(body, value, weight) : weight * numberBytes(value)
    if (value === container || objects.has(value) || (depth > 0 && apart.has(value)) || isShared(value)) return 0
    if (objects.size < most && depth <= deepest) {
      objects.set(value, 0)
      queue.push([value, depth, weight])
    } else {
      body.isCut = true
    }
    return 0
  }
  body.overhead = roots.reduce((/** @type {number} */ sum, root) => sum + add(root, 0, 1), 0)
  for (let head = 0; head < queue.length; head++) {
    const [object, depth, weight] = queue[head]
    let primitives = 0
    const inside = (value, times = 1) => { primitives += add(value, depth + 1, weight * times) }
    let size = 32
    try {
      const binary = storeOf(object)
      size = binary === undefined ? sizeAndContents(object, inside, careful, neighbours) : addStore(body, object, binary, weight)
      // What a WeakMap has for a key lives as long as the key.
      for (const weakMap of weakMaps) inside(weakMapGet(weakMap, object))
    } catch {}
    objects.set(object, weight * size + primitives)
  }
  return body
}

/** @returns {number} bytes of one that nobody else has */
function addText (body, text, weight) {
  if (text.length < 2) return 0 // V8 has one of each
  const bytes = weight * textBytes(text)
  if (text.length >= MAY_HOLD_OTHERS) body.textBytes += bytes
  if (text.length > LONGEST_SHARED) return bytes
  if (!body.texts.has(text)) body.texts.set(text, bytes)
  return 0
}

function textBytes (text) {
  const each = TWO_BYTES.test(text.slice(0, LOOKED_AT)) ? 2 : 1
  return 16 + 8 * Math.ceil(each * text.length / 8)
}

/** V8 keeps fractions and large integers as objects. */
function numberBytes (value) {
  if (typeof value === 'bigint') return 24
  return typeof value === 'number' && (value | 0) !== value ? 12 : 0
}

/** @returns {number} bytes of the view itself */
function addStore ({ stores }, object, { store, bytes, offset, viewed }, weight) {
  const known = stores.get(store)
  // One that is met twice is shared within the entry, and so are those that were not looked at.
  stores.set(store, { bytes, weight: known === undefined ? weight : 1, offset: Math.min(offset, known?.offset ?? offset), viewed: viewed + (known?.viewed ?? 0) })
  return object === store ? 0 : VIEW_BYTES
}

/** @param {Body[]} bodies @returns {Set<object>} what more than one of them reaches */
function sharedBy (bodies) {
  const seen = new Set()
  const shared = new Set()
  for (const { objects } of bodies) for (const object of objects.keys()) (seen.has(object) ? shared : seen).add(object)
  return shared
}

/**
 * Bytes that one more of these entries costs. What two of them have in common is not what one costs.
 * @param {Body[]} bodies
 */
function bytesEach (bodies) {
  const met = new Map()
  const meet = (what) => met.set(what, (met.get(what) ?? 0) + 1)
  for (const { objects, texts } of bodies) {
    for (const object of objects.keys()) meet(object)
    for (const text of texts.keys()) meet(text)
  }
  /** @param {[what: object | string, size: number]} met */
  const isItsOwn = ([what]) => met.get(what) === 1 || bodies.length === 1
  const sizes = bodies.flatMap(({ objects, texts }) => [...objects, ...texts].filter(isItsOwn).map(([, size]) => size))
  return (sum(sizes) + sum(bodies.map(({ overhead }) => overhead))) / Math.max(1, bodies.length)
}

/**
 * Bytes of ArrayBuffers that one of some neighbouring entries keeps alive, whole. Of a pool that many
 * have a part of, what lies between two parts.
 * @param {Body[]} bodies
 * @returns {{each: number, viewed: number}} `viewed`: what the entries themselves can see of them
 */
function storesEach (bodies) {
  const stores = new Map()
  let viewed = 0
  for (const body of bodies) {
    for (const [store, { bytes, weight, offset, viewed: seen }] of body.stores) {
      viewed += seen * weight
      const known = stores.get(store)
      if (known === undefined) stores.set(store, { bytes, weight, count: 1, from: offset, to: offset })
      else Object.assign(known, { count: known.count + 1, from: Math.min(known.from, offset), to: Math.max(known.to, offset) })
    }
  }
  const total = sum([...stores.values()].map(({ bytes, weight, count, from, to }) => {
    if (count === 1) return weight * (bytes + STORE_BYTES)
    const isPool = count >= MANY_SHARE && bytes <= LARGEST_POOL
    return STORE_BYTES + (isPool ? Math.min(bytes, (to - from) * count / (count - 1)) : bytes)
  }))
  return { each: total / Math.max(1, bodies.length), viewed: viewed / Math.max(1, bodies.length) }
}

/** Whether entries see only parts of the ArrayBuffers that they keep, or keep some together. */
function hasParts (bodies) {
  const seen = new Set()
  for (const { stores } of bodies) {
    for (const [store, { bytes, viewed }] of stores) {
      if (viewed < bytes || seen.has(store)) return true
      seen.add(store)
    }
  }
  return false
}

/** Whether entries have more functions of their own than were looked into: those close over what nobody sees. */
function hasClosures (bodies, read) {
  const shared = sharedBy(bodies)
  return bodies.some(({ objects }) => [...objects.keys()].filter((object) => typeof object === 'function' && !shared.has(object)).length > read)
}

/** Whether most of what entries cost is strings that may hold others. */
function isMostlyText (bodies) {
  const text = sum(bodies.map(({ textBytes }) => textBytes))
  return text > 0 && 2 * text >= sum(bodies.map(({ objects, overhead }) => sum([...objects.values()]) + overhead))
}

function sum (numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

/**
 * Bytes of one object without what it refers to, on a 64-bit V8 without pointer compression.
 * @param {object} object
 * @param {(value: unknown, times?: number) => void} add `times`: for how many of its kind it stands
 * @param {boolean} careful
 * @param {Set<string>} neighbours names of types whose links to their like lead to other entries
 */
function sizeAndContents (object, add, careful, neighbours) {
  if (isArray(object)) {
    const length = own(object, 'length')
    const looked = Math.min(length, MAX_KEYS)
    for (let i = 0; i < looked; i++) {
      const value = own(object, i)
      // Numbers lie in the array.
      if (typeof value !== 'number') add(value, length / looked)
    }
    return 48 + 8 * length
  }
  if (isMap(object) || isSet(object)) {
    const size = isMap(object) ? mapSize(object) : setSize(object)
    const entries = firstEntries(object, MAX_KEYS)
    for (const [key, value] of entries) {
      add(key, size / entries.length)
      add(value, size / entries.length)
    }
    return 64 + Math.max(4, size) * (isMap(object) ? 36 : 28)
  }
  if (crowded.has(object) || (careful && (typeof object === 'function' || isPlain(object)))) return 64
  if (isCrowdedEmitter(object) && isReadable(own(object, '_events'))) crowded.add(own(object, '_events'))
  const keys = careful ? keysNamedByClass(object) : ownKeys(object)
  if (keys.length > CROWDED) crowded.add(object)
  const looked = Math.min(keys.length, MAX_KEYS)
  const type = typeName(object)
  for (const key of keys.slice(0, looked)) {
    if (key === 'stack' || (key === 'prototype' && typeof object !== 'function')) continue
    const value = getOwnPropertyDescriptor(object, key)?.value
    if (neighbours.has(type) && TO_NEIGHBOUR.test(String(key)) && (isArray(value) || typeName(value) === type || isListOf(value, object))) continue
    add(value, keys.length / looked)
  }
  return (typeof object === 'function' ? functionBytes(keys) : 32) + 8 * keys.length + (types.isNativeError(object) ? 1500 : 0)
}

/** V8 makes an object of its own, and what describes it, for each function that can be called with `new`. */
function functionBytes (keys) {
  return keys.includes('prototype') ? 256 : 64
}

/** As a node of a list knows the list: that has its head and tail of the same type. */
function isListOf (list, node) {
  if (!isReadable(list)) return false
  return ['head', 'tail', 'first', 'last'].some((name) => {
    const end = own(list, name)
    return isReadable(end) && typeName(end) === typeName(node)
  })
}

/** Whether an object has more keys than may be listed again. */
function isCrowded (object) {
  return crowded.has(object)
}

module.exports = { bodyOf, bytesEach, hasClosures, hasParts, isCrowded, isMostlyText, sharedBy, storesEach, MAX_KEYS }
