'use strict'

const v8 = require('node:v8')

// Saved, since an app may put another in its place.
const { memoryUsage } = process

/**
 * Bytes that the process has in memory. Reads /proc: once for all that wants to know it. Where /proc is
 * missing, or there is no descriptor left to read it, what V8 knows of.
 */
function memoryInUse () {
  try {
    const { heapUsed, external, arrayBuffers, rss } = memoryUsage()
    return Math.max(heapUsed + Math.max(external, arrayBuffers), rss)
  } catch {
    const { total_heap_size: heap, external_memory: external, malloced_memory: malloced } = v8.getHeapStatistics()
    return heap + external + malloced
  }
}

module.exports = { memoryInUse }
