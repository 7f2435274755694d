'use strict'

const { types: { isProxy } } = require('node:util')
const { grouped } = require('../../format')
const { named } = require('../../names')
const { applicationFrame, parseStack } = require('../app-frame')
const { dataProperty } = require('../data-property')

/** @typedef {import('../suspect').Finding} Finding */

/** From Node.js 22 on `stack` is an accessor; V8's own one is not the app's code. */
const STACK_GETTER = (() => {
  const probe = {}
  Error.captureStackTrace(probe)
  return Object.getOwnPropertyDescriptor(probe, 'stack')?.get
})()

/**
 * What a warning of Node.js says, where it is one of too many listeners and can be read.
 * @param {unknown} warning
 */
function readWarning (warning) {
  if (dataProperty(warning, 'name') !== 'MaxListenersExceededWarning') return undefined
  const emitter = dataProperty(warning, 'emitter') ?? dataProperty(warning, 'target')
  if (typeof emitter !== 'object' && typeof emitter !== 'function') return undefined
  const location = applicationFrame(parseStack(stackOf(warning)))
  const event = dataProperty(warning, 'type')
  const count = dataProperty(warning, 'count')
  return { emitter, event, type: constructorNameOf(emitter), name: named(String(event)), location, count: typeof count === 'number' ? count : 0 }
}

/** @returns {Finding} of the warnings of one place and event */
function findingOf ({ name, type, location, count, warnings, emitters }) {
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

module.exports = { findingOf, readWarning }
