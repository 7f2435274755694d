'use strict'

const { performance } = require('node:perf_hooks')
const { types } = require('node:util')
const { setTimeout, clearTimeout } = require('node:timers')
const { plainName } = require('./cap-name')
const { isArray, isBinary, isReadable, own, ownKeys, prototypeOf } = require('./read')
const { keysNamedByClass } = require('./named-keys')
const { isCrowded } = require('./size')
const { isPlain } = require('./shape')

/** Expired entries are taken out from time to time: so late, as a share of what the newest one has left. */
const LATE = 0.25

const YEAR_MS = 365 * 86400000
/** The app may have changed it. */
const getTime = Function.prototype.call.bind(Date.prototype.getTime)

/** Properties of an entry that are searched for its timer. */
const MAX_KEYS = 30
/** Of entries that were looked at, so many must say when they end. */
const MOST = 0.75

/** What an entry calls the time at which it ends, in lower case and without `_`: as milliseconds since 1970, or as a Date. */
const ENDS = /^(?:t|exp|expir(?:es|y|ation)(?:at|time|date|on|ms)?|expire(?:at|time|date)?|validuntil)$/
/** How long it lives, in milliseconds, and since when. */
const LIVES = /^(?:maxage|ttl|lifetime)$/
const BEGAN = /^(?:now|start|started(?:at)?|created(?:at)?|timestamp|inserted(?:at)?)$/

/**
 * How long the entries of a container live, where each says so: by a timer of its own that ends it, as a rate limiter's
 * keys have, or by a time, as the entries of caches and session stores have.
 * @param {unknown[][]} entries some of its pairs of key and value, the oldest among them
 * @param {boolean} careful objects may be dictionaries that are too large to be listed
 * @returns {{by: 'timer' | 'time', afterMs: number, oldestMs: number} | {by: 'time', leftMs: number} | undefined}
 *   `afterMs`: the longest life; `oldestMs`: how long ago the oldest of them began; `leftMs`: where only its end is
 *   known, the time until the first of them must be gone
 */
function expiryOf (entries, careful) {
  const timers = mostly(entries.map(([, value]) => timerOf(value, careful)))
  if (timers !== undefined) return { by: 'timer', ...lives(timers, clockOfTimers()) }
  const times = mostly(entries.map(([, value]) => timesOf(value, careful)))
  if (times === undefined) return undefined
  const now = Date.now()
  if (times.every(({ afterMs }) => afterMs !== undefined)) return { by: 'time', ...lives(times, now) }
  const left = times.map(({ ends, began, afterMs }) => (ends ?? began + afterMs) - now)
  const leftMs = Math.min(...left) + LATE * Math.max(0, ...left)
  // What is there long after its end is not taken out.
  return leftMs > 0 ? { by: 'time', leftMs } : undefined
}

function mostly (found) {
  const known = found.filter((each) => each !== undefined)
  return known.length > 0 && known.length >= MOST * found.length ? known : undefined
}

function lives (entries, now) {
  return {
    afterMs: Math.max(...entries.map(({ afterMs }) => afterMs)),
    oldestMs: Math.max(...entries.map(({ began }) => now - began))
  }
}

/**
 * When an entry ends, by a time that it has, or that what it wraps has (a node of a list has its entry as `value`).
 * @returns {{ends: number} | {began: number, afterMs: number} | undefined}
 */
function timesOf (value, careful, deep = true) {
  if (!isReadable(value) || isArray(value) || isBinary(value) || isCrowded(value) || (careful && isPlain(value))) return undefined
  let ends, afterMs, began
  for (const key of (careful ? keysNamedByClass(value) : ownKeys(value)).slice(0, MAX_KEYS)) {
    if (key === 'stack') continue
    const name = plainName(key).replace(/_/g, '')
    const time = timeOf(own(value, key))
    if (time === undefined) continue
    if (ENDS.test(name) && time > Date.now() - YEAR_MS) ends ??= time
    else if (LIVES.test(name) && time > 0 && time < YEAR_MS) afterMs ??= time
    else if (BEGAN.test(name) && time > Date.now() - YEAR_MS && time <= Date.now()) began ??= time
  }
  if (began !== undefined && afterMs !== undefined) return { began, afterMs }
  if (ends !== undefined) return { ends }
  return deep ? timesOf(own(value, 'value'), careful, false) : undefined
}

function timeOf (value) {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (!types.isDate(value)) return undefined
  const time = getTime(value)
  return Number.isNaN(time) ? undefined : time
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

module.exports = { expiryOf, runningTimer }
