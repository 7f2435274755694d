'use strict'

const Module = require('node:module')
const { types } = require('node:util')
const { firstEntries, isArray, isMap, isReadable, isSet, mapSize, own, ownKeys, prototypeOf, setSize, typeName } = require('./read')
const { entriesOf } = require('./roots')
const { countTimers } = require('./timers')
const { lengthOf, linkOf } = require('./chain')

// What is a container, how many it holds, and which of them are looked at.

/**
 * A text is a string that grows, entries are marks and measures that Node.js keeps, a chain is a linked list, by its head.
 * @typedef {'map' | 'set' | 'array' | 'object' | 'emitter' | 'timers' | 'text' | 'entries' | 'chain' | 'queue'} Shape
 */

/** A collection up to this size is a structure, all of which is walked; of a larger one some entries are. */
const SMALL = 64
const ENTRIES_OF_LARGE = 4
/** Objects with more properties than that are dictionaries. */
const DICTIONARY = 64
/** An emitter with more events than that is a dictionary too, and its listeners are not looked at. */
const MAX_EVENTS = 1000
/** Objects with methods of their own have no more properties. */
const MOST_MEMBERS = 40
/** Of 2,048 events each. */
const MAX_RINGS = 10000

/** @returns {Shape | undefined} what is a container by its make; a dictionary shows only when its keys are read */
function shapeOf (value) {
  if (isMap(value)) return 'map'
  if (isSet(value)) return 'set'
  if (isArray(value)) return 'array'
  if (isEmitter(value)) return 'emitter'
  return undefined
}

/** Where an EventTarget (an AbortSignal, say) keeps its listeners. */
const eventsOfTarget = Object.getOwnPropertySymbols(new EventTarget()).find(({ description }) => description === 'kEvents')

function isEmitter (value) {
  return (typeof own(value, '_eventsCount') === 'number' && isReadable(own(value, '_events'))) || isTarget(value)
}

/** Whether its table of events is a dictionary that must not be listed. */
function isCrowdedEmitter (emitter) {
  return own(emitter, '_eventsCount') > MAX_EVENTS
}

function isTarget (value) {
  return eventsOfTarget !== undefined && isMap(own(value, eventsOfTarget))
}

function sizeOf (value, shape) {
  if (shape === 'map') return mapSize(value)
  if (shape === 'set') return setSize(value)
  if (shape === 'array') return own(value, 'length')
  if (shape === 'emitter') return listenersOf(value).total
  if (shape === 'timers') return countTimers(value)
  if (shape === 'entries') return entriesOf(value).length
  if (shape === 'queue') return lengthOfQueue(value)
  if (shape === 'chain') return lengthOf(value, linkOf(value, ownKeys(value)))
  return ownKeys(value).length
}

/** The first of those that an EventTarget keeps for one event: a list that begins with none. */
function listenersOfTarget (target, event, most) {
  const [, root] = firstEntries(own(target, eventsOfTarget), SMALL).find(([type]) => String(type) === event) ?? []
  const found = []
  for (let at = own(root ?? {}, 'next'); isReadable(at) && found.length < most; at = own(at, 'next')) {
    const listener = own(at, 'listener')
    found.push(isReadable(listener) ? listener : own(at, 'callback'))
  }
  return found
}

/** @returns {{total: number, event: string, most: number, shown?: string}} all listeners, and the event that has most of them; how to call it */
function listenersOf (emitter) {
  const count = own(emitter, '_eventsCount')
  const events = own(emitter, '_events')
  const most = { total: 0, event: '', most: 0 }
  if (isTarget(emitter)) {
    for (const [event, list] of firstEntries(own(emitter, eventsOfTarget), SMALL)) {
      const here = isReadable(list) ? own(list, 'size') ?? 0 : 0
      most.total += here
      if (here > most.most) Object.assign(most, { event: String(event), most: here })
    }
    return most
  }
  if (!isReadable(events)) return most
  // So many names of events are a leak of their own, and as many listeners at least.
  if (count > DICTIONARY) return { total: count, event: '', shown: `${count} different events`, most: count }
  for (const event of ownKeys(events)) {
    const listeners = own(events, event)
    const here = typeof listeners === 'function' ? 1 : isReadable(listeners) && isArray(listeners) ? own(listeners, 'length') : 0
    most.total += here
    if (here > most.most) Object.assign(most, { event: String(event), most: here })
  }
  return most
}

function typeOf (value, shape) {
  if (shape === 'timers') return 'Timeout'
  if (shape === 'entries') return 'Array'
  if (shape === 'queue') return 'queue'
  return value === process ? 'EventEmitter' : typeName(value)
}

/** Whether a listener may be that of an iterator of `events.on()`. */
function isOfEvents (location) {
  return location?.file === 'node:events'
}

/** Node.js' own queue: a list of arrays, each a ring. */
function lengthOfQueue (queue) {
  let length = 0
  for (let ring = own(queue, 'tail'), i = 0; isReadable(ring) && i < MAX_RINGS; ring = own(ring, 'next'), i++) {
    const slots = own(own(ring, 'list'), 'length')
    length += (own(ring, 'top') - own(ring, 'bottom') + slots) % slots
  }
  return length
}

/** The oldest values of it. */
function valuesOfQueue (queue, count) {
  const ring = own(queue, 'tail')
  const list = own(ring, 'list')
  const from = own(ring, 'bottom')
  return Array.from({ length: count }, (_, i) => own(list, (from + i) % own(list, 'length'))).filter((value) => value !== undefined && value !== null)
}

function mayBeFilled (value) {
  return typeof value === 'object' || (typeof value === 'function' && own(value, 'cache') !== undefined)
}

/** Small yet; empty ones, and those with more keys than a record has, are worth watching. */
function mayBecomeDictionary ({ length }) {
  return length === 0 || length >= 8
}

function isPrototype (object) {
  return typeof own(object, 'constructor') === 'function'
}

/** As `{ log: [], add (entry) { this.log.push(entry) } }` has. */
function hasMethods (object, keys) {
  return isPlain(object) && keys.length <= MOST_MEMBERS && keys.some((key) => typeof own(object, key) === 'function')
}

/** What may have many keys: not a function, nor a prototype. */
function mayBeDictionary (object) {
  if (typeof object === 'function' || object === process || prototypeOf(object) === Module.prototype) return false
  const constructor = own(object, 'constructor')
  return typeof constructor !== 'function' || types.isProxy(constructor) || own(constructor, 'prototype') !== object
}

function isPlain (value) {
  const prototype = prototypeOf(value)
  return prototype === null || prototypeOf(prototype) === null
}

/** What must not be read: `stack` is formatted when it is, by the app's `Error.prepareStackTrace`. */
function isHidden (object, key) {
  if (typeof object === 'function') return key === 'length' || key === 'name' || key === 'arguments' || key === 'caller'
  if (key !== 'stack') return false
  return types.isNativeError(object) || (own(Error, 'prepareStackTrace') !== undefined && !typeName(object).startsWith('Rout'))
}

function large (size) {
  return size > SMALL
}

/** All of a few; of many the first, the last, and some between. */
function sampledIndices (length) {
  if (!large(length)) return Array.from({ length }, (_, index) => index)
  const indices = [0, 1, length - 1, length - 2, length - 3]
  for (let i = 0; i < ENTRIES_OF_LARGE; i++) indices.push(Math.floor(Math.random() * length))
  return [...new Set(indices)]
}

module.exports = {
  DICTIONARY,
  ENTRIES_OF_LARGE,
  SMALL,
  hasMethods,
  isCrowdedEmitter,
  isEmitter,
  isHidden,
  isOfEvents,
  isPlain,
  isPrototype,
  isTarget,
  large,
  lengthOfQueue,
  listenersOf,
  listenersOfTarget,
  mayBeDictionary,
  mayBeFilled,
  mayBecomeDictionary,
  sampledIndices,
  shapeOf,
  sizeOf,
  typeOf,
  valuesOfQueue
}
