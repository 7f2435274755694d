'use strict'

// How long require and start take, in milliseconds, in a process that has done nothing else.
// Usage: node start.js VARIANT [PEER]
const { performance } = require('node:perf_hooks')
const [variant, peer] = process.argv.slice(2)

const variants = {
  bare () {},
  tidemark () { require('../..').on('leak', () => {}) },
  PerformanceObserver () {
    const { PerformanceObserver } = require('node:perf_hooks')
    new PerformanceObserver(() => {}).observe({ entryTypes: ['gc'] })
  },
  'gc-stats' () { require(peer)().on('stats', () => {}) },
  '@airbnb/node-memwatch' () { require(peer).on('leak', () => {}) },
  'prom-client' () { require(peer).collectDefaultMetrics() }
}

const before = performance.now()
variants[variant]()
const ms = performance.now() - before
console.log(JSON.stringify({ ms, rss: process.memoryUsage.rss() }))
process.exit(0)
