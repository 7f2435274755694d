'use strict'

const { PerformanceObserver, constants, performance } = require('node:perf_hooks')
const v8 = require('node:v8')

const { NODE_PERFORMANCE_GC_FLAGS_FORCED: FORCED, NODE_PERFORMANCE_GC_MAJOR: MAJOR } = constants

/** @typedef {import('node:perf_hooks').PerformanceEntry & {detail: {kind: number, flags: number}}} GcEntry */

/**
 * Samples without the GC hook, for a Node.js that does not export what the hook needs. Entries come
 * in batches on the event loop, so the heap is read a little after the collection, and once for the
 * whole batch: full GCs that came in one batch are one mark, not several that agree.
 */
class PerfHooksSource {
  #nowMs
  #push
  /** @type {PerformanceObserver | null} */
  #observer = null

  /**
   * @param {() => number} nowMs milliseconds on the clock of the native side
   * @param {(sample: import('../binding').PushedSample) => void} push
   */
  constructor (nowMs, push) {
    this.#nowMs = nowMs
    this.#push = push
  }

  /** @param {() => void} after called after each batch */
  start (after) {
    this.#observer = new PerformanceObserver((list) => {
      const entries = /** @type {GcEntry[]} */ (list.getEntries())
      const lastMajor = entries.findLastIndex(({ detail }) => detail.kind === MAJOR)
      const heap = v8.getHeapStatistics()
      // The clocks are not the same: on some systems one of them stands still while the machine sleeps.
      const offsetMs = this.#nowMs() - performance.now()
      entries.forEach((entry, i) => this.#push(sampleOf(entry, heap, offsetMs, entry.detail.kind === MAJOR && i !== lastMajor)))
      after()
    })
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  stop () {
    this.#observer?.disconnect()
    this.#observer = null
  }
}

function sampleOf ({ detail, startTime, duration }, heap, offsetMs, countOnly) {
  return {
    gcType: detail.kind,
    forced: (detail.flags & FORCED) !== 0,
    countOnly,
    atMs: Math.max(0, startTime + duration + offsetMs),
    durationMs: duration,
    usedHeapSize: heap.used_heap_size,
    totalHeapSize: heap.total_heap_size,
    totalPhysicalSize: heap.total_physical_size,
    externalMemory: heap.external_memory,
    heapSizeLimit: heap.heap_size_limit,
    mallocedMemory: heap.malloced_memory,
    nativeContexts: heap.number_of_native_contexts,
    detachedContexts: heap.number_of_detached_contexts
  }
}

module.exports = { PerfHooksSource }
