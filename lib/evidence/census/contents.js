'use strict'

const Module = require('node:module')
const path = require('node:path')
const { types } = require('node:util')
const { routeOf, UNMATCHED } = require('../../route')
const {
  firstEntries, isArray, isBinary, isMap, isPromise, isReadable, isSet, mapHas, own, ownKeys, prototypeOf, setHas, source, typeName, variable
} = require('./read')
const { keysNamedByClass } = require('./named-keys')
const { linkOf, nodesOf } = require('./chain')
const { bodyOf, bytesEach, hasClosures, hasParts, isCrowded, isMostlyText, sharedBy, storesEach, MAX_KEYS } = require('./size')
const { entriesOf } = require('./roots')
const { isPlain, isTarget, listenersOf, listenersOfTarget, sampledIndices, valuesOfQueue } = require('./shape')

/** Entries of one container that are looked into. */
const SAMPLE = 6
/** Neighbouring entries, and objects of each, that are searched for the ArrayBuffers which they keep parts of. */
const NEIGHBOURS = 32
const MAX_NODES_OF_NEIGHBOUR = 40
/** Objects of an entry, and steps to them, once it is known what entries share. */
const MAX_NODES_OF_LARGE = 1000
const DEEPEST = 10
/** Functions of one entry whose variables are read. */
const MAX_CALLBACKS = 3
/** Entries of one container that are compared with the requests that are known to be held, and looked into for them. */
const MAX_COMPARED = 20000
const MAX_LOOKED_INTO = 1000
/** An arrow function that says `this` keeps that of the function around it. */
const ARROW_WITH_THIS = /^(?:async\s*)?(?:\(|[\w$]+\s*=>)[^]*\bthis\b/
/**
 * What a container holds, from a few of its entries.
 * @param {object} container
 * @param {import('./shape').Shape} shape
 * @param {{isShared?: (object: object) => boolean, scopes?: InstanceType<typeof import('./scopes').Scopes>, careful?: boolean, weakMaps?: WeakMap<object, unknown>[],
 *   mostPerEntry?: number, beside?: object[], sample?: Entry[]}} [options]
 *   `isShared`: reachable without the container, so not what it costs; `careful`: objects may be
 *   dictionaries that are too large to be listed; `weakMaps`: those of the app; `mostPerEntry`: bytes,
 *   there are no more; `beside`: arrays that have the values where the container has their index; `sample`: as of `sampleOf`
 * @returns {Contents}
 *
 * @typedef {[key: unknown, value: unknown]} Entry
 * @typedef {{holds: string[], within: string[], bytesPerEntry: number, atLeast: boolean, parts: boolean, slices: boolean, routes: string[]}} Contents
 *   constructor names of the entries and of what is in them, the most frequent first; `bytesPerEntry` is an estimate,
 *   0 where there is none, and `atLeast` says that it is a lower bound, as part of the entries cannot be seen; `parts`:
 *   most of it is ArrayBuffers that entries keep a small part of; `slices`: of strings, which may be slices of longer ones that nobody sees
 */
function contentsOf (container, shape, { isShared = () => false, scopes, careful = false, weakMaps = [], mostPerEntry = Infinity, beside = [], sample = sampleOf(container, shape) } = {}) {
  if (shape === 'text') return { holds: [], bytesPerEntry: 1, atLeast: false, parts: false, slices: false, routes: [], within: [] }
  // From one node of a list to the next is no way into what the node holds.
  const apart = new Set(shape === 'chain' ? nodesOf(container, linkOf(container, ownKeys(container)), SAMPLE + 1) : [])
  const options = { container: shape === 'chain' ? undefined : container, isShared, careful, weakMaps, apart }
  const entries = sample.map((entry) => withValueBeside(entry, beside)).map((entry) => careful ? entry : withClosures(entry, scopes))
  const repeated = repeatedTexts(entries)
  const bodies = bodiesOf(entries.map((entry) => entry.filter((value, at) => value !== undefined && !(at > 1 && repeated.has(value)))), options)
  const names = new Map()
  const routes = new Map()
  for (const [, value] of entries) tally(names, nameOfEntry(value))
  for (const { objects } of bodies) {
    for (const object of objects.keys()) {
      const route = routeOfRequest(object)
      if (route !== undefined) tally(routes, route)
    }
  }
  const stores = storesEach(hasParts(bodies) ? neighboursOf(container, shape, beside, options) : bodies)
  const each = bodies.length === 0 ? 0 : Math.round(bytesEach(bodies) + stores.each) + SLOT[shape]
  const slices = isMostlyText(bodies)
  return {
    holds: byFrequency(names),
    bytesPerEntry: each > mostPerEntry ? 0 : each,
    atLeast: shape === 'entries' || entries.some(hasUnseen) || bodies.some(({ isCut }) => isCut) || hasClosures(bodies, MAX_CALLBACKS) || slices,
    slices,
    parts: 2 * stores.each > each && 2 * stores.viewed < stores.each,
    routes: byFrequency(routes),
    /** The innermost types that are worth a name: `[{req}]` holds an IncomingMessage too. */
    within: byFrequency(namesWithin(bodies))
  }
}

/** A module is called by its file; the prototype of a generator has no constructor. */
function nameOfEntry (value) {
  if (types.isGeneratorObject(value)) return 'Generator'
  const file = isReadable(value) && prototypeOf(value) === Module.prototype ? own(value, 'filename') : undefined
  return typeof file === 'string' ? `Module ${path.basename(file)}` : typeName(value)
}

/** Where there is more than can be looked at, what entries share is left out, and more of their own looked at. */
function bodiesOf (entries, options) {
  const bodies = entries.map((roots) => bodyOf(roots, options))
  if (bodies.length < 2 || !bodies.some(({ isCut }) => isCut)) return bodies
  const shared = sharedBy(bodies)
  const isShared = (object) => shared.has(object) || options.isShared(object)
  return entries.map((roots) => bodyOf(roots, { ...options, isShared, most: MAX_NODES_OF_LARGE, deepest: DEEPEST }))
}

/**
 * What waits for a pending Promise cannot be seen, nor the locals of a generator or what an arrow function has for
 * `this`, and it is most of what they cost.
 * @param {unknown[]} entry
 */
function hasUnseen ([, value, ...more]) {
  return (isPromise(value) && more.length === 0) || types.isGeneratorObject(value) || keepsThis(functionOf(value))
}

/** The ArrayBuffers of entries that follow each other, since those may be parts of one pool. */
function neighboursOf (container, shape, beside, options) {
  const entries = shape === 'map' || shape === 'set'
    ? firstEntries(container, NEIGHBOURS)
    : shape === 'array' ? middleOf(container, NEIGHBOURS) : sampleOf(container, shape)
  return entries.map((entry) => bodyOf(withValueBeside(entry, beside), { ...options, most: MAX_NODES_OF_NEIGHBOUR }))
}

function middleOf (list, count) {
  const length = own(list, 'length')
  const from = Math.max(0, Math.floor((length - count) / 2))
  return Array.from({ length: Math.min(count, length) }, (_, i) => [undefined, own(list, from + i)])
}

/** A Map of keys to indices stands for the values in the arrays beside it, as in an LRU of parallel arrays. */
function withValueBeside ([key, value], beside) {
  if (beside.length === 0 || !Number.isInteger(value) || value < 0) return [key, value]
  const [first, ...others] = beside.map((list) => own(list, value)).sort((one, other) => Number(isReadable(other)) - Number(isReadable(one)))
  return [key, first, ...others.filter((other) => other !== key)]
}

/** Bytes of one more slot, without what is in it. */
const SLOT = { map: 36, set: 28, array: 8, object: 36, emitter: 8, timers: 0, entries: 8, chain: 0, queue: 8 }

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

/** Pairs of key and value; a key only where it is an object or a long string. @returns {Entry[]} */
function sampleOf (container, shape) {
  if (shape === 'text') return []
  if (shape === 'chain') return nodesOf(container, linkOf(container, ownKeys(container)), SAMPLE).map((node) => [undefined, node])
  if (shape === 'queue') return valuesOfQueue(container, SAMPLE).map((value) => [undefined, value])
  if (shape === 'entries') return entriesOf(container).slice(0, SAMPLE).map((entry) => [undefined, entry])
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
  return isReadable(value) && !isCrowded(value) && own(value, '_events') === undefined &&
    !(isArray(value) || isMap(value) || isSet(value) || isBinary(value) || types.isBoxedPrimitive(value))
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
    if (!isReadable(value) || isArray(value) || isBinary(value) || isCrowded(value)) return
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

module.exports = { contentsOf, routesHeldBy, sampleOf }
