'use strict'

const { performance } = require('node:perf_hooks')
const timers = require('node:timers')
const v8 = require('node:v8')

/**
 * What a test may replace - timers, clocks, the process's figures - as it was when this was loaded.
 */

const { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } = timers
const now = performance.now.bind(performance)
const { getHeapSpaceStatistics, getHeapStatistics } = v8

/** One turn of the event loop. */
function turn () {
  return new Promise((resolve) => setImmediate(resolve))
}

function wait (ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** The share of V8's heap limit that is used, what is dead included. */
function used () {
  const { used_heap_size: bytes, heap_size_limit: limit } = getHeapStatistics()
  return bytes / limit
}

module.exports = { clearInterval, clearTimeout, getHeapSpaceStatistics, getHeapStatistics, now, setInterval, setTimeout, turn, used, wait }
