'use strict'

const { types: { isProxy } } = require('node:util')
const { performance } = require('node:perf_hooks')
const { named } = require('../names')
const { applicationFrame, parseStack } = require('./app-frame')
const { dataProperty } = require('./data-property')
const { grouped } = require('./resources')

/** @typedef {import('./suspect').Finding} Finding */

/** So many different places are remembered, and so many of the emitters that each warned of. */
const MOST_PLACES = 32
const MOST_EMITTERS = 8

/** From Node.js 22 on `stack` is an accessor; V8's own one is not the app's code. */
const STACK_GETTER = (() => {
  const probe = {}
  Error.captureStackTrace(probe)
  return Object.getOwnPropertyDescriptor(probe, 'stack')?.get
})()

/**
 * Node.js warns once of each emitter that got more listeners for an event than it should. This
 * remembers where that was, and counts later how many there are now. The emitter is held weakly;
 * Node.js prints its warning whoever else listens for it.
 */
class ListenerWarnings {
  cost = { durationMs: 0 }
  problems = []
  /** By place and event. */
  #places = new Map()
  #running = false
  #onWarning = (warning) => this.#warned(warning)

  start () {
    if (this.#running) return
    this.#running = true
    process.on('warning', this.#onWarning)
  }

  stop () {
    this.#running = false
    process.removeListener('warning', this.#onWarning)
    this.#places.clear()
  }

  tick () {}

  /** @returns {Promise<Finding[]>} */
  async findings () {
    const startedAt = performance.now()
    const findings = [...this.#places.values()].map(finding)
    this.cost.durationMs += performance.now() - startedAt
    return findings
  }

  #warned (warning) {
    const startedAt = performance.now()
    try {
      if (dataProperty(warning, 'name') === 'MaxListenersExceededWarning') this.#remember(warning)
    } catch {
      // What cannot be read is no evidence, and the app must not notice.
    }
    this.cost.durationMs += performance.now() - startedAt
  }

  #remember (warning) {
    const emitter = dataProperty(warning, 'emitter') ?? dataProperty(warning, 'target')
    if (typeof emitter !== 'object' && typeof emitter !== 'function') return
    const location = applicationFrame(parseStack(stackOf(warning)))
    const event = dataProperty(warning, 'type')
    const type = constructorNameOf(emitter)
    const name = named(String(event))
    const key = `${type} '${name}'${location === null ? '' : ` at ${location.file}:${location.line}`}`
    let place = this.#places.get(key)
    if (place === undefined) {
      if (this.#places.size >= MOST_PLACES) return
      place = { name, type, location, count: 0, warnings: 0, emitters: [] }
      this.#places.set(key, place)
    }
    place.warnings++
    const count = dataProperty(warning, 'count')
    if (typeof count === 'number') place.count += count
    if (place.emitters.length >= MOST_EMITTERS) place.emitters.shift()
    place.emitters.push({ ref: new WeakRef(emitter), event })
  }
}

function finding ({ name, type, location, count, warnings, emitters }) {
  const alive = emitters.map(({ ref, event }) => ({ emitter: ref.deref(), event })).filter(({ emitter }) => emitter !== undefined)
  const counts = alive.map(({ emitter, event }) => countListeners(emitter, event)).filter((number) => number !== null)
  const now = counts.length > 0 ? counts.reduce((sum, number) => sum + number, 0) : null
  const then = Math.round(count / warnings * alive.length)
  const where = location === null ? '' : `, added at ${location.file}:${location.line}`
  const description = alive.length === 0
    ? `${plural(warnings, type)} had more than enough listeners for '${name}'${where}`
    : now === null
      ? `${plural(alive.length, type)} had ${grouped(then)} listeners for '${name}' when Node.js warned${where}`
      : `${plural(alive.length, type)} ${alive.length === 1 ? 'has' : 'have'} ${grouped(now)} listeners for '${name}', ${grouped(then)} when Node.js warned${where}`
  return {
    kind: 'listeners',
    key: `${type} '${name}'`,
    description,
    bytes: null,
    growth: null,
    intervalMs: null,
    confidence: confidenceOf(then, now, alive.length, warnings),
    weight: 0.7,
    location,
    links: [`type:${type}`, ...location === null ? [] : [`file:${location.file}`]],
    evidence: [{ kind: 'listeners', description, event: name, emitter: type, warnings, before: then, now }]
  }
}

/** It warned at 11. At twice as many nobody meant it; where they went away there was no leak. */
function confidenceOf (then, now, alive, warnings) {
  if (alive === 0) return 0
  if (now === null) return 0.3
  if (now < then) return 0.1
  const growing = 1 - then / Math.max(now, 1)
  const manyWarned = 1 - 1 / warnings
  return Math.min(0.9, 0.3 + 0.6 * Math.max(growing, manyWarned))
}

function plural (count, type) {
  return count === 1 ? `a ${type}`.replace(/^a (?=[AEIOU])/, 'an ') : `${count} of ${type}`
}

/** What `emitter.listenerCount(event)` would say, without calling it. */
function countListeners (emitter, event) {
  const listeners = dataProperty(dataProperty(emitter, '_events'), event)
  if (typeof listeners === 'function') return 1
  const length = dataProperty(listeners, 'length')
  if (typeof length === 'number') return length
  return dataProperty(emitter, '_events') === undefined ? null : 0
}

function constructorNameOf (object) {
  for (let at = object, depth = 0; at !== null && !isProxy(at) && depth < 16; at = Object.getPrototypeOf(at), depth++) {
    const name = dataProperty(dataProperty(at, 'constructor'), 'name')
    if (typeof name === 'string' && name !== '') return named(name)
  }
  return 'Object'
}

/** Node.js 21 and later has a function there itself. */
const NODES_OWN = 'ErrorPrepareStackTrace'

function stackOf (error) {
  const descriptor = Object.getOwnPropertyDescriptor(error, 'stack')
  if (descriptor === undefined) return ''
  // Reading a stack for the first time formats it, by the app's own function where it has one.
  const prepare = dataProperty(Error, 'prepareStackTrace')
  if (prepare !== undefined && dataProperty(prepare, 'name') !== NODES_OWN) return ''
  if ('value' in descriptor) return descriptor.value
  return STACK_GETTER !== undefined && descriptor.get === STACK_GETTER ? Reflect.apply(STACK_GETTER, error, []) : ''
}

module.exports = { ListenerWarnings }
