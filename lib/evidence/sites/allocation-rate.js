'use strict'

const { performance } = require('node:perf_hooks')
const { setTimeout, clearTimeout } = require('node:timers')
const v8 = require('node:v8')

/** Long enough for a busy process to collect a few times, short enough for GCProfiler's 4 kB per GC. */
const MEASURE_MS = 250

/** What is assumed on Node.js before 18.15, which has no GCProfiler. */
const UNKNOWN_RATE = 256 * 1024 * 1024

/** How fast the app allocates on V8's heap: how much it grew between collections, for a quarter of a second. */
class AllocationRate {
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  /** @type {import('node:v8').GCProfiler | null} */
  #profiler = null

  /**
   * @param {(bytesPerSecond: number) => void} done called once, from a timer
   * @param {{keepsAlive?: boolean}} [options] whether the process must not end before
   */
  measure (done, { keepsAlive = false } = {}) {
    this.stop()
    const profiler = typeof v8.GCProfiler === 'function' ? new v8.GCProfiler() : null
    const [before, startedAt] = [used(), performance.now()]
    profiler?.start()
    this.#profiler = profiler
    const timer = this.#timer = setTimeout(() => {
      const { statistics } = this.stop()
      const seconds = (performance.now() - startedAt) / 1000
      done(profiler === null ? UNKNOWN_RATE : allocatedBytes(before, statistics, used()) / seconds)
    }, MEASURE_MS)
    // Fake timers of test runners may be plain objects.
    if (!keepsAlive) timer.unref?.()
  }

  /** Without an answer, where it is not there yet. */
  stop () {
    clearTimeout(this.#timer)
    const profile = this.#profiler?.stop()
    this.#timer = undefined
    this.#profiler = null
    return profile ?? { statistics: [] }
  }
}

/**
 * @param {number} before bytes in use at first
 * @param {import('node:v8').GCProfilerResult['statistics']} collections as v8.GCProfiler tells them
 * @param {number} after bytes in use at last
 */
function allocatedBytes (before, collections, after) {
  let [allocated, level] = [0, before]
  for (const { beforeGC, afterGC } of collections) {
    allocated += Math.max(0, beforeGC.heapStatistics.usedHeapSize - level)
    level = afterGC.heapStatistics.usedHeapSize
  }
  return allocated + Math.max(0, after - level)
}

function used () {
  return v8.getHeapStatistics().used_heap_size
}

/** A sample costs 4 to 20 us by the depth of its stack: at this pace about 1 % of a busy thread. */
const SAMPLES_PER_SECOND = 1000
const LEAST_INTERVAL = 8 * 1024
const MOST_INTERVAL = 4 * 1024 * 1024

/** Bytes between two samples that this rate of allocation can afford; a power of two. */
function intervalFor (bytesPerSecond) {
  const wanted = Math.min(MOST_INTERVAL, Math.max(LEAST_INTERVAL, bytesPerSecond / SAMPLES_PER_SECOND))
  return 2 ** Math.round(Math.log2(wanted))
}

module.exports = { AllocationRate, allocatedBytes, intervalFor, LEAST_INTERVAL, MOST_INTERVAL }
