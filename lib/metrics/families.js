'use strict'

const GC_KINDS = ['minor', 'major', 'incremental', 'weakcb']

/**
 * Every metric, once: what Prometheus gets, through whatever client, and what OpenTelemetry's instruments read.
 * What is not known has no row; it is never 0.
 *
 * @typedef {{value: number, labels: Record<string, string>}} Row
 * @typedef {{
 *   name: string,
 *   help: string,
 *   type: 'counter' | 'gauge',
 *   labelNames: string[],
 *   aggregator: 'sum' | 'max' | 'min' | 'first',
 *   rows: (seen: import('./reader').Seen) => Row[]
 * }} Family aggregator: how the processes of a cluster make one number
 */

/** @type {Family[]} */
const FAMILIES = [
  {
    name: 'tidemark_gc_total',
    help: 'Garbage collections of this thread since tidemark started.',
    type: 'counter',
    labelNames: ['kind'],
    aggregator: 'sum',
    rows: ({ status }) => GC_KINDS.map((kind) => row(status.gc[kind].count, { kind }))
  },
  {
    name: 'tidemark_gc_pause_seconds_total',
    help: 'Time for which garbage collections stopped this thread since tidemark started.',
    type: 'counter',
    labelNames: ['kind'],
    aggregator: 'sum',
    rows: ({ status }) => GC_KINDS.map((kind) => row(status.gc[kind].durationMs / 1000, { kind }))
  },
  {
    name: 'tidemark_heap_after_gc_bytes',
    help: 'V8 heap in use after the last full GC.',
    type: 'gauge',
    labelNames: [],
    aggregator: 'sum',
    rows: ({ status }) => known(status.channels.heap?.level, {})
  },
  {
    name: 'tidemark_memory_bytes',
    help: 'Memory at the last look: resident memory of the process (rss), used V8 heap, external memory of Buffers, and native memory outside V8.',
    type: 'gauge',
    labelNames: ['kind'],
    aggregator: 'sum',
    rows: ({ status: { memory } }) => [
      ...known(memory?.rss, { kind: 'rss' }),
      ...known(memory?.usedHeapSize, { kind: 'heap' }),
      ...known(memory?.externalMemory, { kind: 'external' }),
      ...known(memory?.native, { kind: 'native' })
    ]
  },
  {
    name: 'tidemark_growth_bytes_per_second',
    help: 'How fast what survives full GCs grows, where it grows; the word leak is for tidemark_leak_active.',
    type: 'gauge',
    labelNames: ['channel'],
    aggregator: 'sum',
    rows: ({ status }) => Object.entries(status.channels)
      .filter(([channel]) => channel !== 'resources')
      .flatMap(([channel, { growthRate }]) => known(growthRate, { channel }))
  },
  {
    name: 'tidemark_leak_active',
    help: '1 while a reported leak goes on, 0 after its end; the newest 8 leaks.',
    type: 'gauge',
    labelNames: ['channel', 'signature'],
    aggregator: 'max',
    rows: ({ leaks }) => leaks.map(({ channel, signature, isActive }) => row(isActive ? 1 : 0, { channel, signature }))
  },
  {
    name: 'tidemark_critical',
    help: '1 while health() is critical: little time or memory is left.',
    type: 'gauge',
    labelNames: [],
    aggregator: 'max',
    rows: ({ health }) => [row(health.state === 'critical' ? 1 : 0, {})]
  },
  {
    name: 'tidemark_time_to_limit_seconds',
    help: 'Time until a limit is reached at the present growth; absent while nothing grows towards it.',
    type: 'gauge',
    labelNames: ['limit'],
    aggregator: 'min',
    rows: ({ status }) => [...soonest(Object.values(status.channels))].map(([limit, timeMs]) => row(timeMs / 1000, { limit }))
  },
  {
    name: 'tidemark_limit_bytes',
    help: 'Limits of memory: V8\'s heap limit, the container\'s (cgroup), and the option memoryLimit.',
    type: 'gauge',
    labelNames: ['limit'],
    aggregator: 'max',
    rows: ({ status: { memory }, memoryLimit }) => [
      ...known(memory?.heapSizeLimit, { limit: 'heap' }),
      ...known(memory?.cgroup?.limit, { limit: 'cgroup' }),
      ...known(memoryLimit, { limit: 'memoryLimit' })
    ]
  },
  {
    name: 'tidemark_cost_seconds_total',
    help: 'Time that tidemark itself took of this thread: in the callbacks of garbage collections, and to collect evidence.',
    type: 'counter',
    labelNames: ['part'],
    aggregator: 'sum',
    rows: ({ status }) => [row(callbackSeconds(status), { part: 'gc_callback' }), row(evidenceSeconds(status), { part: 'evidence' })]
  },
  {
    name: 'tidemark_own_memory_bytes',
    help: 'Memory that tidemark\'s native side holds for this thread.',
    type: 'gauge',
    labelNames: [],
    aggregator: 'sum',
    rows: ({ status }) => [row(status.cost.ownMemory, {})]
  },
  {
    name: 'tidemark_problems',
    help: 'What does not work as it should; status().problems has the words.',
    type: 'gauge',
    labelNames: [],
    aggregator: 'sum',
    rows: ({ status }) => [row(status.problems.length, {})]
  },
  {
    name: 'tidemark_info',
    help: 'Who is watched, by which version of tidemark, and where samples come from (source).',
    type: 'gauge',
    labelNames: ['app', 'app_version', 'version', 'source'],
    aggregator: 'first',
    rows: ({ status, app }) => [row(1, { app: app.name, app_version: app.version, version: app.tidemark, source: status.source })]
  }
]

function row (value, labels) {
  return { value, labels }
}

/** @returns {Row[]} none of what is not known */
function known (value, labels) {
  return Number.isFinite(value) ? [row(value, labels)] : []
}

/** @returns {Map<string, number>} milliseconds, by limit */
function soonest (channels) {
  const times = new Map()
  for (const { limit, timeToLimitMs } of channels) {
    if (limit !== undefined && Number.isFinite(timeToLimitMs)) times.set(limit, Math.min(timeToLimitMs, times.get(limit) ?? Infinity))
  }
  return times
}

/** The native side tells the mean of each sort. */
function callbackSeconds ({ gc, cost }) {
  const full = gc.major.count
  return ((cost.minorUs ?? 0) * (cost.callbacks - full) + (cost.majorUs ?? 0) * full) / 1e6
}

function evidenceSeconds ({ evidence }) {
  return Object.values(evidence.durationMs).reduce((sum, each) => sum + each, 0) / 1000
}

module.exports = { FAMILIES }
