'use strict'

const { PerformanceObserver } = require('node:perf_hooks')
const v8 = require('node:v8')

/** `v8::kGCCallbackFlagForced` and its like, from perf_hooks.constants. */
const { NODE_PERFORMANCE_GC_FLAGS_FORCED: FORCED } = require('node:perf_hooks').constants

/**
 * Samples without the GC hook, for a Node.js that does not export what the hook needs. Entries come
 * in batches on the event loop, so the heap is read a little after the collection; when several came
 * at once only the last of them can be given the heap's numbers, the others are counted by it.
 */
class PerfHooksSource {
  #startedAt
  #push
  #observer = null

  /**
   * @param {number} startedAt the zero of all times, on performance.now()'s clock
   * @param {(sample: object) => void} push
   */
  constructor (startedAt, push) {
    this.#startedAt = startedAt
    this.#push = push
  }

  /** @param {() => void} after called after each batch */
  start (after) {
    this.#observer = new PerformanceObserver((list) => {
      const heap = v8.getHeapStatistics()
      for (const entry of list.getEntries()) this.#push(this.#sample(entry, heap))
      after()
    })
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  stop () {
    this.#observer?.disconnect()
    this.#observer = null
  }

  #sample (entry, heap) {
    const { kind, flags } = entry.detail ?? entry
    return {
      gcType: kind,
      forced: (flags & FORCED) !== 0,
      atMs: Math.max(0, entry.startTime + entry.duration - this.#startedAt),
      durationMs: entry.duration,
      usedHeapSize: heap.used_heap_size,
      totalHeapSize: heap.total_heap_size,
      externalMemory: heap.external_memory,
      heapSizeLimit: heap.heap_size_limit,
      mallocedMemory: heap.malloced_memory,
      nativeContexts: heap.number_of_native_contexts,
      detachedContexts: heap.number_of_detached_contexts
    }
  }
}

module.exports = { PerfHooksSource }
