'use strict'

const path = require('node:path')
const { signatureOf } = require('./evidence/rank')
const { bytes, duration, percent, rate, rateWithin } = require('./format')
const { limitInWords } = require('./limits')

/** What each channel is called in a sentence, and where its growth is looked for. */
const CHANNELS = {
  heap: {
    subject: 'The JavaScript heap',
    next: 'Next: compare two heap snapshots taken some minutes apart, or look for Maps, arrays, listeners and closures that only grow.'
  },
  external: {
    subject: 'External memory (Buffers, ArrayBuffers)',
    next: 'Next: look for Buffers that are kept, also small slices that hold a large one.'
  },
  native: {
    subject: 'Native memory (outside V8)',
    next: 'Next: look at what native addons are not told to free, at TLS contexts and zlib streams that are kept, and at messages to workers and ports that nobody reads; a heap snapshot shows who holds them, not their size.'
  },
  resources: {
    subject: 'The number of active handles (sockets, timers, files)',
    next: 'Next: see `status().resources` for the type that grows.'
  }
}

/** Loaded with the first leak: Node.js's own modules need no file, and this one 2 MB. */
function threadId () {
  return require('node:worker_threads').threadId
}

/** The kinds of evidence that name a cause, beside those that support one. */
const CAUSES = ['route', 'container', 'retainer', 'site', 'listeners', 'resources']

/** What JavaScript cannot see, where what it sees does not hold the growth. */
const NOT_LOOKED_AT = 'Not looked at: what waits for a promise, suspended async functions and generators, stores of AsyncLocalStorage, chains of closures, `this` of arrow functions; ' +
  'a heap snapshot shows them.'

/** @typedef {{status: import('../binding').ChannelShape, run?: import('../binding').RunShape}} Told */

/**
 * The 'leak' payload: memwatch's `start end growth reason` and ours.
 * @param {Told} record of the native side
 * @param {(atMs: number) => Date} toDate
 * @param {{detector: string}} options
 * @param {import('..').LeakSuspect[]} [suspects] the most likely first
 * @param {string} [signature] that this leak was told under before
 * @param {string[]} [channels] its own, and those that rise with it
 * @param {boolean} [slows] whether the container's limit slows, and does not kill
 */
function leakPayload (record, toDate, options, suspects = [], signature = signatureOf(record.status.channel, suspects), channels = [record.status.channel], slows = false) {
  const { status } = record
  const classic = options.detector === 'memwatch' ? record.run : undefined
  const { startMs, endMs, growth } = classic ?? status
  const known = (value) => value ?? null
  const leak = {
    start: toDate(startMs),
    end: toDate(endMs),
    growth,
    reason: reason(classic?.consecutive ?? status.fullGcs, startMs, endMs, growth, status.channel),
    channel: status.channel,
    channels,
    growthRate: classic ? ratePerSecond(growth, endMs - startMs) : known(status.growthRate),
    growthRateInterval: classic || status.growthRateLow === undefined ? null : [status.growthRateLow, status.growthRateHigh],
    // 0 where no requests came by: nothing to divide by.
    growthPerRequest: status.growthPerRequest || null,
    confidence: classic ? null : status.confidence,
    fullGcs: classic?.consecutive ?? status.fullGcs,
    level: known(status.level),
    timeToLimit: status.timeToLimitMs === undefined ? null : status.timeToLimitMs / 1000,
    limit: known(status.limit),
    signature,
    suspects,
    // Who writes one says where, before anybody else hears of the leak.
    report: null,
    pid: process.pid,
    threadId: threadId()
  }
  return { ...leak, message: message(leak, endMs - startMs, slows) }
}

/**
 * The 'leak-evidence' payload: what was found out about a leak after it was told.
 * @param {keyof typeof CHANNELS} channel
 * @param {string} signature of the 'leak' event
 * @param {import('..').LeakSuspect[]} suspects the most likely first
 * @param {string[]} [channels] its own, and those that rise with it
 */
function evidencePayload (channel, signature, suspects, channels = [channel]) {
  return {
    time: new Date(),
    channel,
    channels,
    signature,
    suspects,
    report: null,
    pid: process.pid,
    threadId: threadId(),
    message: `${CHANNELS[channel].subject} leaks. ${cause(suspects)}`
  }
}

/**
 * The 'critical' payload.
 * @param {Record<string, any>} found what health is made of
 * @param {string | null} signature of the leak, where one is reported
 */
function criticalPayload ({ time, channel, reason, timeToLimitMs, limit }, signature) {
  return {
    time,
    channel,
    signature,
    timeToLimitMs,
    limit,
    pid: process.pid,
    threadId: threadId(),
    message: `This process is about to run out of memory. ${reason} Next: let it take no new requests, and end it when it has answered the old ones.`
  }
}

/** The 'recovered' payload. */
function recoveredPayload ({ status, atMs }, toDate, signature = signatureOf(status.channel, [])) {
  const { subject } = CHANNELS[status.channel]
  const level = status.level === undefined ? '' : ` It now stands at ${amount(status.level, status.channel)}.`
  return {
    time: toDate(atMs),
    channel: status.channel,
    level: status.level ?? null,
    signature,
    pid: process.pid,
    threadId: threadId(),
    message: `${subject} no longer leaks: it came down or stopped growing.${level}`
  }
}

/** The sentence for someone tired at 3 a.m.: what, how much, how sure, how long, what next. */
function message (leak, spanMs, slows) {
  const { subject, next } = CHANNELS[leak.channel]
  const parts = [
    `${subject} leaks: ${amount(leak.growth, leak.channel)} more than ${spanMs < 1000 ? 'a moment' : duration(spanMs)} ago over ${leak.fullGcs} full GCs` +
    `${pace(leak)}${sureness(leak)}.`
  ]
  if (leak.timeToLimit !== null) {
    const when = leak.timeToLimit < 1 ? 'now' : `in ${duration(leak.timeToLimit * 1000)}`
    parts.push(`At this rate ${limitInWords(leak.limit, { slows })} is reached ${when}.`)
  }
  parts.push(leak.suspects.length > 0 ? cause(leak.suspects) : next)
  if (['heap', 'external'].includes(leak.channel) && leak.suspects.length > 0 && !isHeld(leak.suspects)) parts.push(NOT_LOOKED_AT)
  return parts.join(' ')
}

/** Whether a suspect that the sentence names is known to hold what grows, rather than to allocate it. */
function isHeld ([first, second]) {
  return [first, ...first.evidence, ...second === undefined ? [] : [second]].some(({ kind }) => ['container', 'listeners', 'retainer', 'route'].includes(kind))
}

/** The most likely cause, a second way in which it was seen (a retainer, where there is one), and where in the code. @param {import('..').LeakSuspect[]} suspects one at least */
function cause (suspects) {
  const [{ kind, description, evidence, location }, second] = suspects
  /** @type {Map<string, string>} */
  const seen = new Map([[kind, description]])
  const retainers = evidence.filter((other) => other.kind === 'retainer')
  for (const other of [...retainers, ...evidence]) if (CAUSES.includes(other.kind) && !seen.has(other.kind)) seen.set(other.kind, other.description)
  // Where it is allocated does not say who keeps it.
  const isAllocationOnly = kind === 'site' && seen.size === 1
  const other = isAllocationOnly && second !== undefined && second.kind !== 'site' ? ` Or: ${second.description}.` : ''
  const told = [...seen.values()].slice(0, 2).join('; ') + (isAllocationOnly && other === '' ? '; what holds it is not known' : '')
  const where = location === null || told.includes(`${path.basename(location.file)}:${location.line}`) ? '' : ` (${place(location)})`
  return `Most likely: ${told}${where}.${other}`
}

function place ({ file, line, function: name }) {
  const relative = path.relative('.', file)
  const at = `${relative.startsWith('..') ? file : relative}:${line}`
  return name === null ? at : `${name}, ${at}`
}

function pace ({ growthRate, growthRateInterval, channel }) {
  if (growthRate === null) return ''
  if (channel !== 'resources') return `, ${growthRateInterval === null ? rate(growthRate) : rateWithin(growthRate, growthRateInterval)}`
  const [now, low, high] = [growthRate, ...growthRateInterval ?? []].map((perSecond) => (perSecond * 60).toFixed(1))
  return `, ${now}/min${growthRateInterval === null ? '' : `, between ${low} and ${high}`}`
}

function sureness ({ confidence }) {
  return confidence === null ? '' : `, confidence ${percent(confidence)}`
}

function amount (value, channel) {
  return channel === 'resources' ? `${Math.round(value)} handles` : bytes(value)
}

/** memwatch's own words and units, for programs that read them. */
function reason (fullGcs, startMs, endMs, growth, channel) {
  const what = channel === 'heap' ? 'heap growth' : `${channel} growth`
  const spanMs = endMs - startMs
  const perSecond = ratePerSecond(growth, spanMs)
  const base = `${what} over ${fullGcs} consecutive GCs (${classicDuration(spanMs)})`
  if (perSecond === null || channel === 'resources') return base
  return `${base} - ${classicSize(perSecond * 3600)}/hr`
}

/** Over no time there is no rate. */
function ratePerSecond (growth, spanMs) {
  return spanMs > 0 ? growth / (spanMs / 1000) : null
}

function classicDuration (ms) {
  const seconds = Math.floor(ms / 1000)
  /** @type {[value: number, unit: string][]} */
  const parts = [[Math.floor(seconds / 3600), 'h'], [Math.floor(seconds / 60) % 60, 'm'], [seconds % 60, 's']]
  const shown = parts.filter(([value]) => value > 0).map(([value, unit]) => `${value}${unit}`)
  return shown.length > 0 ? shown.join(' ') : '0s'
}

function classicSize (value) {
  const size = Math.abs(value)
  if (size > 1048576) return `${(value / 1048576).toFixed(2)} mb`
  if (size > 1024) return `${(value / 1024).toFixed(2)} kb`
  return `${Math.round(value)} bytes`
}

module.exports = { criticalPayload, evidencePayload, leakPayload, recoveredPayload }
