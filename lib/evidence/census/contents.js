'use strict'

const { types } = require('node:util')
const { routeOf, UNMATCHED } = require('../../route')
const {
  bufferBytes, firstEntries, getOwnPropertyDescriptor, isArray, isMap, isPromise, isReadable, isSet, mapHas, mapSize,
  own, ownKeys, setHas, setSize, source, typeName, variable, weakMapGet
} = require('./read')
const { keysNamedByClass } = require('./named-keys')
const { isCrowdedEmitter, isPlain, isTarget, listenersOf, listenersOfTarget, sampledIndices } = require('./walk')

/** Entries of one container that are looked into, and objects of one entry. */
const SAMPLE = 6
const MAX_NODES = 300
const MAX_DEPTH = 5
const MAX_KEYS = 60
/** Functions of one entry whose variables are read. */
const MAX_CALLBACKS = 3
/** Entries of one container that are compared with the requests that are known to be held, and looked into for them. */
const MAX_COMPARED = 20000
const MAX_LOOKED_INTO = 1000
/** An arrow function that says `this` keeps that of the function around it. */
const ARROW_WITH_THIS = /^(?:async\s*)?(?:\(|[\w$]+\s*=>)[^]*\bthis\b/
/** Objects with more keys than that are not listed a second time. */
const CROWDED = 1000
const crowded = new WeakSet()

/**
 * What a container holds, from a few of its entries.
 * @param {object} container
 * @param {import('./walk').Shape} shape
 * @param {{isShared?: (object: object) => boolean, scopes?: import('./scopes').Scopes, careful?: boolean, weakMaps?: WeakMap<object, unknown>[], mostPerEntry?: number}} [options]
 *   `isShared`: reachable without the container, so not what it costs; `careful`: objects may be
 *   dictionaries that are too large to be listed; `weakMaps`: those of the app; `mostPerEntry`: bytes,
 *   there are no more
 * @returns {{holds: string[], within: string[], bytesPerEntry: number, routes: string[]}} constructor
 *   names of the entries and of what is in them, the most frequent first; `bytesPerEntry` is an estimate, 0 where there is
 *   none
 */
function contentsOf (container, shape, { isShared = () => false, scopes, careful = false, weakMaps = [], mostPerEntry = Infinity } = {}) {
  if (shape === 'text') return { holds: [], bytesPerEntry: 1, routes: [], within: [] }
  const entries = sampleOf(container, shape).map((entry) => careful ? entry : withClosures(entry, scopes))
  const names = new Map()
  const routes = new Map()
  const repeated = repeatedTexts(entries)
  const bodies = entries.map((entry) => {
    const roots = entry.filter((value, at) => value !== undefined && !(at > 1 && repeated.has(value)))
    return reachableFrom(roots, { container, isShared, careful, weakMaps })
  })
  const met = new Map()
  for (const { objects } of bodies) {
    for (const object of objects.keys()) met.set(object, (met.get(object) ?? 0) + 1)
  }
  let bytes = 0
  bodies.forEach(({ objects, overhead }, at) => {
    const [, value] = entries[at]
    tally(names, typeName(value))
    bytes += overhead
    for (const [object, size] of objects) {
      // What two entries have in common is not what one more of them costs.
      if (met.get(object) === 1 || bodies.length === 1) bytes += size
      const route = routeOfRequest(object)
      if (route !== undefined) tally(routes, route)
    }
  })
  const each = Math.round(bytes / bodies.length) + SLOT[shape]
  // What waits for a pending Promise cannot be seen, nor the locals of a generator or what an arrow function
  // has for `this`, and it is most of what they cost.
  const unknown = entries.every(([, value, ...more]) => (isPromise(value) && more.length === 0) || types.isGeneratorObject(value)) ||
    entries.every(([, value]) => keepsThis(functionOf(value)))
  return {
    holds: byFrequency(names),
    bytesPerEntry: unknown || each > mostPerEntry ? 0 : each,
    routes: byFrequency(routes),
    /** The innermost types that are worth a name: `[{req}]` holds an IncomingMessage too. */
    within: byFrequency(namesWithin(bodies))
  }
}

/** Bytes of one more slot, without what is in it. */
const SLOT = { map: 36, set: 28, array: 8, object: 36, emitter: 8, timers: 0 }

/** What more than one entry closes over, and has no identity by which that would show. */
function repeatedTexts (entries) {
  const seen = new Set()
  const repeated = new Set()
  for (const [, , ...closedOver] of entries) {
    for (const text of new Set(closedOver.filter((value) => typeof value === 'string'))) (seen.has(text) ? repeated : seen).add(text)
  }
  return repeated
}

function tally (counts, name) {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function byFrequency (counts) {
  return [...counts].sort(([, one], [, other]) => other - one).map(([name]) => name)
}

function namesWithin (bodies) {
  const names = new Map()
  for (const { objects } of bodies) {
    const here = new Set()
    for (const object of objects.keys()) {
      const name = typeName(object)
      if (!COMMON.has(name)) here.add(name)
    }
    for (const name of here) tally(names, name)
  }
  return names
}

const COMMON = new Set(['Object', 'Array', 'function', 'Map', 'Set', 'Date', 'Function', 'Number', 'String'])

/** Pairs of key and value; a key only where it is an object or a long string. */
function sampleOf (container, shape) {
  if (shape === 'map' || shape === 'set') return firstEntries(container, SAMPLE)
  if (shape === 'array') {
    return sampledIndices(own(container, 'length')).slice(0, SAMPLE + 2).map((index) => [undefined, own(container, index)])
  }
  if (shape === 'emitter') {
    const { event } = listenersOf(container)
    if (isTarget(container)) return listenersOfTarget(container, event, SAMPLE).map((listener) => [undefined, listener])
    const listeners = own(own(container, '_events') ?? {}, event)
    if (!isReadable(listeners) || !isArray(listeners)) return []
    return sampledIndices(own(listeners, 'length')).slice(0, SAMPLE).map((index) => [undefined, own(listeners, index)])
  }
  if (shape === 'timers') {
    const timers = []
    for (let timer = own(container, '_idlePrev'); isReadable(timer) && timer !== container && timers.length < SAMPLE; timer = own(timer, '_idlePrev')) {
      timers.push([undefined, timer])
    }
    return timers
  }
  const keys = ownKeys(container)
  return sampledIndices(keys.length).slice(0, SAMPLE).map((index) => [keys[index], own(container, keys[index])])
}

/** An entry that is a function, or has some as a job has its callbacks, holds what those close over. */
function withClosures (entry, scopes) {
  const [key, value] = entry
  if (scopes === undefined) return [key, value]
  if (isPromise(value)) return [key, value, ...resultOf(value, scopes)]
  const closedOver = []
  try {
    const functions = functionsOf(value)
    if (functions.length === 0) return [key, value]
    scopes.readFunctions(functions, () => true, ({ variables, bound }) => {
      closedOver.push(...bound)
      // The outermost scope is the module's, which all of them share.
      for (const { object } of variables.slice(0, Math.max(1, variables.length - 1))) {
        for (const name of ownKeys(object).slice(0, MAX_KEYS)) closedOver.push(variable(object, name))
      }
    })
  } catch {
    return [key, value]
  }
  return [key, value, ...closedOver]
}

/** The function that an entry is, or that a timer or a listener calls. */
function functionOf (value) {
  const fn = isReadable(value) && typeof value !== 'function' ? own(value, '_onTimeout') ?? own(value, 'listener') : value
  return typeof fn === 'function' && !types.isProxy(fn) ? fn : undefined
}

/** The same, or the first callbacks of an object that may have some. */
function functionsOf (value) {
  const fn = functionOf(value)
  if (fn !== undefined) return [fn]
  if (!mayHaveCallbacks(value)) return []
  const functions = []
  for (const key of ownKeys(value).slice(0, MAX_KEYS)) {
    const callback = functions.length < MAX_CALLBACKS && key !== 'stack' && functionOf(own(value, key))
    if (callback) functions.push(callback)
  }
  return functions
}

/** Those of requests and streams lead into all of the app; a Buffer has a key for each byte. */
function mayHaveCallbacks (value) {
  return isReadable(value) && !crowded.has(value) && own(value, '_events') === undefined &&
    !(isArray(value) || isMap(value) || isSet(value) || bufferBytes(value) !== undefined || types.isBoxedPrimitive(value))
}

function keepsThis (fn) {
  return fn !== undefined && ARROW_WITH_THIS.test(source(fn))
}

/** What a Promise was fulfilled or rejected with; nothing while it is pending. */
function resultOf (promise, scopes) {
  const results = []
  try {
    scopes.readHidden([promise], ({ value }) => results.push(value))
  } catch {}
  return results
}

/**
 * Of what is long only a part is looked at, which then counts for all of it. An entry may know its
 * container, which is not what the entry costs.
 * @returns {{objects: Map<object, number>, overhead: number}} each object with its own size and that of
 *   its strings and numbers, and the size of roots that are no objects
 */
function reachableFrom (roots, { container, isShared, careful, weakMaps }) {
  const objects = new Map()
  const queue = []
  /** @returns {number} bytes of what is no object */
  const add = (value, depth, weight) => {
    if (!isReadable(value)) return weight * primitiveSize(value)
    if (value !== container && !objects.has(value) && objects.size < MAX_NODES && !isShared(value)) {
      objects.set(value, 0)
      queue.push([value, depth, weight])
    }
    return 0
  }
  const overhead = roots.reduce((sum, root) => sum + add(root, 0, 1), 0)
  for (let head = 0; head < queue.length; head++) {
    const [object, depth, weight] = queue[head]
    let primitives = 0
    const inside = (value, times = 1) => { if (depth < MAX_DEPTH) primitives += add(value, depth + 1, weight * times) }
    let size = 32
    try {
      size = sizeAndContents(object, inside, careful)
      // What a WeakMap has for a key lives as long as the key.
      for (const weakMap of weakMaps) inside(weakMapGet(weakMap, object))
    } catch {}
    objects.set(object, weight * size + primitives)
  }
  return { objects, overhead }
}

function primitiveSize (value) {
  if (typeof value === 'string') return value.length > 10 ? 16 + value.length : 0
  return typeof value === 'number' && !Number.isInteger(value) ? 12 : 0
}

/**
 * Bytes of one object without what it refers to, on a 64-bit V8 without pointer compression.
 * @param {object} object
 * @param {(value: unknown, times?: number) => void} add `times`: for how many of its kind it stands
 */
function sizeAndContents (object, add, careful) {
  const outside = bufferBytes(object)
  if (outside !== undefined) return 160 + outside
  if (isArray(object)) {
    const length = own(object, 'length')
    const looked = Math.min(length, MAX_KEYS)
    for (let i = 0; i < looked; i++) add(own(object, i), length / looked)
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
  for (const key of keys.slice(0, looked)) {
    if (key === 'stack' || key === 'prototype') continue
    add(getOwnPropertyDescriptor(object, key)?.value, keys.length / looked)
  }
  return (typeof object === 'function' ? 64 : 32) + 8 * keys.length + (types.isNativeError(object) ? 1500 : 0)
}

/** @returns {string | undefined} 'GET /items/:id', where Express left it on the request */
function routeOfRequest (object) {
  if (typeName(object) !== 'IncomingMessage') return undefined
  const route = own(object, 'route')
  const path = isReadable(route) ? own(route, 'path') : undefined
  const method = own(object, 'method')
  if (typeof path !== 'string' || typeof method !== 'string') return undefined
  const baseUrl = own(object, 'baseUrl')
  const name = routeOf({ method, baseUrl: typeof baseUrl === 'string' ? baseUrl : '', route: { path } }, false)
  return name === UNMATCHED ? undefined : name
}

/**
 * Which of the requests that are known to be held a container holds: as an entry, or as a property
 * of one.
 * @param {{route: string, request: object}[]} held
 * @param {boolean} [careful] as above
 * @returns {string[]} the routes
 */
function routesHeldBy (container, shape, held, careful = false) {
  if (held.length === 0) return []
  const routes = new Set()
  const byRequest = new Map(held.map(({ route, request }) => [request, route]))
  for (const [request, route] of byRequest) {
    if ((shape === 'set' && setHas(container, request)) || (shape === 'map' && mapHas(container, request))) routes.add(route)
  }
  const check = (value) => {
    const route = byRequest.get(value)
    if (route !== undefined) routes.add(route)
    return route !== undefined
  }
  const look = (value) => {
    if (!isReadable(value) || isArray(value) || bufferBytes(value) !== undefined || crowded.has(value)) return
    if (careful && (typeof value === 'function' || isPlain(value))) return
    for (const key of (careful ? keysNamedByClass(value) : ownKeys(value)).slice(0, 12)) {
      if (key !== 'stack') check(own(value, key))
    }
  }
  const values = newestOf(container, shape)
  values.forEach((value, index) => { if (!check(value) && index >= values.length - MAX_LOOKED_INTO) look(value) })
  return [...routes]
}

/** The values of an array's end, or of a Map's or Set's beginning, as there is no way to its end. */
function newestOf (container, shape) {
  if (shape === 'map' || shape === 'set') return firstEntries(container, MAX_COMPARED).map(([, value]) => value)
  if (shape !== 'array') return []
  const length = own(container, 'length')
  const from = Math.max(0, length - MAX_COMPARED)
  return Array.from({ length: length - from }, (_, i) => own(container, from + i))
}

module.exports = { contentsOf, routesHeldBy }
