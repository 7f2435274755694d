'use strict'

const { performance } = require('node:perf_hooks')
const { setTimeout, clearTimeout } = require('node:timers')
const { isArray, isBinary, isReadable, own, ownKeys, prototypeOf } = require('./read')
const { keysNamedByClass } = require('./named-keys')
const { isCrowded } = require('./size')
const { isPlain } = require('./shape')

/** Properties of an entry that are searched for its timer. */
const MAX_KEYS = 30
/** Of entries that were looked at, so many must have a timer. */
const MOST = 0.75

/**
 * How long the entries of a container live, where each has a timer of its own that ends it, as a rate limiter's keys do.
 * @param {unknown[][]} entries some of its pairs of key and value, the oldest among them
 * @param {boolean} careful objects may be dictionaries that are too large to be listed
 * @returns {{afterMs: number, oldestMs: number} | undefined} `afterMs`: the longest timer; `oldestMs`: how long ago
 *   the oldest of them began
 */
function expiryOf (entries, careful) {
  const timers = entries.map(([, value]) => timerOf(value, careful))
  const running = timers.filter((timer) => timer !== undefined)
  if (running.length === 0 || running.length < MOST * timers.length) return undefined
  const now = clockOfTimers()
  return {
    afterMs: Math.max(...running.map(({ afterMs }) => afterMs)),
    oldestMs: Math.max(...running.map(({ began }) => now - began))
  }
}

/** The timer that a value is or has: one that runs once, and has not run yet. */
function timerOf (value, careful) {
  if (!isReadable(value) || isArray(value) || isBinary(value) || isCrowded(value)) return undefined
  const itself = runningTimer(value)
  if (itself !== undefined) return itself
  if (careful && isPlain(value)) return undefined
  for (const key of (careful ? keysNamedByClass(value) : ownKeys(value)).slice(0, MAX_KEYS)) {
    const timer = key === 'stack' ? undefined : runningTimer(own(value, key))
    if (timer !== undefined) return timer
  }
  return undefined
}

const timeoutPrototype = (() => {
  const timer = setTimeout(() => {}, 0)
  clearTimeout(timer)
  return prototypeOf(timer)
})()

function runningTimer (value) {
  if (!isReadable(value) || prototypeOf(value) !== timeoutPrototype) return undefined
  const afterMs = own(value, '_idleTimeout')
  const began = own(value, '_idleStart')
  if (own(value, '_destroyed') === true || typeof own(value, '_repeat') === 'number') return undefined
  return afterMs > 0 && typeof began === 'number' ? { afterMs, began } : undefined
}

/** Timers are dated by libuv's clock, which a new one shows. */
function clockOfTimers () {
  const timer = setTimeout(() => {}, 1)
  clearTimeout(timer)
  return own(timer, '_idleStart') ?? performance.now()
}

module.exports = { expiryOf }
