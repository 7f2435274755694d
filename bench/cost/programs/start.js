'use strict'

// What require and start take, until the first look is over: CPU time and memory, in a process that has done nothing
// else, or in one that has what every server has: http loaded, and garbage collected.
// Usage: node start.js VARIANT fresh|server [PEER]
const { readFileSync } = require('node:fs')
const { performance } = require('node:perf_hooks')
const [variant, where, peer] = process.argv.slice(2)

const variants = {
  bare () {},
  tidemark () { require('../../..').on('leak', () => {}) },
  PerformanceObserver () {
    const { PerformanceObserver } = require('node:perf_hooks')
    new PerformanceObserver(() => {}).observe({ entryTypes: ['gc'] })
  },
  'gc-stats' () { require(peer)().on('stats', () => {}) },
  '@airbnb/node-memwatch' () { require(peer).on('leak', () => {}) },
  'prom-client' () { require(peer).collectDefaultMetrics() }
}

/** Pages that no other process shares; the files of Node.js and of addons are shared. Linux only. */
function privateBytes () {
  if (process.platform !== 'linux') return null
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]) * 1024
}

if (where === 'server') {
  require('node:http')
  let garbage = []
  for (let i = 0; i < 3e5; i++) {
    garbage.push({ i, text: `a${i}` })
    if (garbage.length > 1000) garbage = []
  }
}
privateBytes()
const before = { ms: performance.now(), cpu: process.cpuUsage(), rss: process.memoryUsage.rss(), private: privateBytes() }
variants[variant]()
const ms = performance.now() - before.ms
setImmediate(() => setImmediate(() => {
  const { user, system } = process.cpuUsage(before.cpu)
  const result = { ms, cpuMs: (user + system) / 1000, rss: process.memoryUsage.rss() - before.rss, private: privateBytes() - before.private }
  console.log(JSON.stringify(result))
  process.exit(0)
}))
