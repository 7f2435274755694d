'use strict'

const { getHeapSpaceStatistics } = require('node:v8')
const { optional, readOptions, boolean } = require('../options')
const { followLeaks, keepRunning } = require('../publish')
const tidemark = require('../../index.js')
const { FAMILIES } = require('./families')
const { Reader } = require('./reader')

const METER_METHODS = ['createObservableGauge', 'createObservableUpDownCounter', 'createHistogram']

const OPTIONS = {
  meter: { default: undefined, check: optional((value) => has(value, METER_METHODS) ? undefined : 'a Meter of OpenTelemetry') },
  logger: { default: undefined, check: optional((value) => has(value, ['emit']) ? undefined : 'a Logger of OpenTelemetry') },
  runtime: { default: false, check: boolean() }
}

/** Of ours: what each reads, in the words of OpenTelemetry. The rows are those of Prometheus. */
const GAUGES = [
  { name: 'tidemark.heap.used_after_last_gc', unit: 'By', of: 'tidemark_heap_after_gc_bytes', attributes: {} },
  { name: 'tidemark.leak.active', unit: '{leak}', of: 'tidemark_leak_active', attributes: { channel: 'tidemark.channel', signature: 'tidemark.signature' } },
  { name: 'tidemark.growth.rate', unit: 'By/s', of: 'tidemark_growth_bytes_per_second', attributes: { channel: 'tidemark.channel' } },
  { name: 'tidemark.time_to_limit', unit: 's', of: 'tidemark_time_to_limit_seconds', attributes: { limit: 'tidemark.limit' } },
  { name: 'tidemark.limit', unit: 'By', of: 'tidemark_limit_bytes', attributes: { limit: 'tidemark.limit' } },
  { name: 'tidemark.problems', unit: '{problem}', of: 'tidemark_problems', attributes: {} }
]

/** Of V8's heap, by the semantic conventions for Node.js of 2026; each by space. */
const HEAP_COUNTERS = [
  { name: 'v8js.memory.heap.used', description: 'Heap memory in use.', field: 'space_used_size' },
  { name: 'v8js.memory.heap.space.size', description: 'Size of the heap space.', field: 'space_size' },
  { name: 'v8js.memory.heap.space.available_size', description: 'Room that is left in the heap space.', field: 'space_available_size' },
  { name: 'v8js.memory.heap.space.physical_size', description: 'Committed size of the heap space.', field: 'physical_space_size' }
]

/** Seconds; the bounds that the semantic conventions advise. */
const GC_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

const INFO = 9
const WARN = 13
const ERROR = 17

/** The chapters of a leak's story that become log records. */
const RECORDS = {
  reported: { eventName: 'tidemark.leak', severity: WARN },
  critical: { eventName: 'tidemark.critical', severity: ERROR },
  recovered: { eventName: 'tidemark.recovered', severity: INFO }
}

/**
 * `require('tidemark/opentelemetry')`: metrics through the app's Meter, leaks as log records through its Logger.
 * @param {{meter?: object, logger?: object, runtime?: boolean}} [options] see opentelemetry.d.ts
 * @returns {{stop: () => void}}
 * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
 */
module.exports = function opentelemetry (options) {
  const { meter, logger, runtime } = readOptions(options, OPTIONS)
  const letGo = keepRunning(tidemark)
  const ends = [letGo]
  if (meter !== undefined) ends.push(...gauges(meter), ...runtime ? runtimeMetrics(meter) : [])
  if (logger !== undefined) ends.push(followLeaks(tidemark, (chapter, details) => log(logger, chapter, details)))
  return { stop () { for (const end of ends.splice(0)) end() } }
}

/** @returns {(() => void)[]} what ends them */
function gauges (meter) {
  const reader = new Reader(tidemark)
  const ends = GAUGES.map(({ name, unit, of, attributes }) => {
    const family = /** @type {import('./families').Family} */ (FAMILIES.find((each) => each.name === of))
    return observe(meter.createObservableGauge(name, { unit, description: family.help }), (result) => {
      for (const { value, labels } of reader.rowsOf(family)) result.observe(value, renamed(labels, attributes))
    })
  })
  return [...ends, () => reader.close()]
}

function runtimeMetrics (meter) {
  const heap = HEAP_COUNTERS.map(({ name, description, field }) =>
    observe(meter.createObservableUpDownCounter(name, { unit: 'By', description }), (result) => {
      for (const space of getHeapSpaceStatistics()) result.observe(space[field], { 'v8js.heap.space.name': space.space_name })
    }))
  const resources = observe(meter.createObservableGauge('v8js.resource.active', { unit: '{resource}', description: 'Active resources that keep the event loop alive.' }), (result) => {
    for (const [type, count] of counted(process.getActiveResourcesInfo())) result.observe(count, { 'v8js.resource.type': type })
  })
  const durations = meter.createHistogram('v8js.gc.duration', { unit: 's', description: 'Duration of garbage collections.', advice: { explicitBucketBoundaries: GC_BUCKETS } })
  const onGc = ({ kind, durationMs }) => durations.record(durationMs / 1000, { 'v8js.gc.type': kind })
  tidemark.on('gc', onGc)
  return [...heap, resources, () => tidemark.off('gc', onGc)]
}

function observe (instrument, callback) {
  instrument.addCallback(callback)
  return () => instrument.removeCallback(callback)
}

function log (logger, chapter, details) {
  if (!Object.hasOwn(RECORDS, chapter)) return
  const { eventName, severity } = RECORDS[chapter]
  const isCritical = tidemark.health().state === 'critical'
  logger.emit({
    eventName,
    timestamp: new Date(),
    severityNumber: chapter === 'reported' && isCritical ? ERROR : severity,
    body: details.message,
    attributes: attributesOf(details)
  })
}

/** Flat, as backends want them; what is not known is left out. */
function attributesOf ({ channel, signature, growth, growthRate, growthPerRequest, confidence, level, timeToLimit, timeToLimitMs, limit, suspects, pid, threadId }) {
  const [first] = suspects ?? []
  const secondsLeft = timeToLimit ?? (typeof timeToLimitMs === 'number' ? timeToLimitMs / 1000 : undefined)
  const attributes = {
    'tidemark.channel': channel,
    'tidemark.signature': signature,
    'tidemark.growth': growth,
    'tidemark.growth.rate': growthRate,
    'tidemark.growth.per_request': growthPerRequest,
    'tidemark.confidence': confidence,
    'tidemark.level': level,
    'tidemark.time_to_limit': secondsLeft,
    'tidemark.limit': limit,
    'tidemark.suspect': first?.description,
    'code.file.path': first?.location?.file,
    'code.line.number': first?.location?.line,
    'code.function.name': first?.location?.function,
    'process.pid': pid,
    'thread.id': threadId
  }
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined && value !== null))
}

function renamed (labels, names) {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [names[name], value]))
}

function counted (names) {
  const counts = new Map()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function has (value, methods) {
  return methods.every((method) => typeof value?.[method] === 'function')
}
