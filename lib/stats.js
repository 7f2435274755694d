'use strict'

const v8 = require('node:v8')

/**
 * The 'stats' payload: memwatch's names, those of its fork @airbnb/node-memwatch, and ours. No name
 * means two things, so one object carries all three.
 *
 * @param {import('../binding').StatsShape} stats a record of the native side
 * @param {(atMs: number) => Date} toDate
 */
function statsPayload ({ sample, classic, gc, state, growthRate }, toDate) {
  return {
    // memwatch
    num_full_gc: classic.numFullGc,
    num_inc_gc: gc.incremental.count,
    heap_compactions: classic.numFullGc,
    usage_trend: classic.usageTrend,
    estimated_base: Math.round(classic.estimatedBase),
    current_base: classic.currentBase,
    // 0 until they are known, as in memwatch: its programs call `stats.min.toFixed()`.
    min: classic.min ?? 0,
    max: classic.max ?? 0,
    // @airbnb/node-memwatch: microseconds for gc_ts, nanoseconds for the rest
    gc_ts: toDate(sample.atMs).getTime() * 1000,
    gcScavengeCount: gc.minor.count,
    gcScavengeTime: nanoseconds(gc.minor.durationMs),
    gcMarkSweepCompactCount: gc.major.count,
    gcMarkSweepCompactTime: nanoseconds(gc.major.durationMs),
    gcIncrementalMarkingCount: gc.incremental.count,
    gcIncrementalMarkingTime: nanoseconds(gc.incremental.durationMs),
    gcProcessWeakCallbacksCount: gc.weakcb.count,
    gcProcessWeakCallbacksTime: nanoseconds(gc.weakcb.durationMs),
    gc_time: nanoseconds(sample.durationMs),
    // V8's other numbers are read now, those of the collection itself stand over them.
    ...v8.getHeapStatistics(),
    total_heap_size: sample.totalHeapSize,
    used_heap_size: sample.usedHeapSize,
    heap_size_limit: sample.heapSizeLimit,
    external_memory: sample.externalMemory,
    // tidemark
    time: toDate(sample.atMs),
    durationMs: sample.durationMs,
    usedHeapSize: sample.usedHeapSize,
    totalHeapSize: sample.totalHeapSize,
    heapSizeLimit: sample.heapSizeLimit,
    externalMemory: sample.externalMemory,
    rss: sample.rss,
    requests: sample.requests,
    resources: sample.resources,
    growthRate,
    state,
    gc
  }
}

/** The 'gc' payload: one collection of any kind. */
function gcPayload ({ atMs, ...sample }, toDate) {
  return { time: toDate(atMs), ...sample }
}

function nanoseconds (ms) {
  return Math.round(ms * 1e6)
}

module.exports = { statsPayload, gcPayload }
