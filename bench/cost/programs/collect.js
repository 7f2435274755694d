'use strict'

// One round of collecting: a fixed amount of garbage under a small young generation, so that
// collections are many. Prints the CPU time it took and how many collections there were.
// Usage: node --single-threaded-gc --max-semi-space-size=1 collect.js VARIANT TURNS [PEER]
const [variant, turns, peer] = process.argv.slice(2)
const WARM_UP_TURNS = 300

let heard = 0
const variants = {
  bare () {},
  tidemark () {
    const tidemark = require('../../..')
    tidemark.on('leak', () => {})
    return () => {
      const { gc, cost } = tidemark.status()
      return { gcs: gc.minor.count + gc.major.count, callbackUs: cost.minorUs }
    }
  },
  "tidemark + 'gc' listener" () {
    const tidemark = require('../../..')
    tidemark.on('gc', () => { heard++ })
    return () => ({ gcs: heard })
  },
  PerformanceObserver () {
    const { PerformanceObserver } = require('node:perf_hooks')
    const observer = new PerformanceObserver((list) => { heard += list.getEntries().length })
    observer.observe({ entryTypes: ['gc'] })
    return () => ({ gcs: heard })
  },
  'gc-stats' () {
    require(peer)().on('stats', () => { heard++ })
    return () => ({ gcs: heard })
  },
  '@airbnb/node-memwatch' () {
    require(peer).on('stats', () => { heard++ })
    return () => ({ gcs: heard })
  },
  'prom-client' () {
    require(peer).collectDefaultMetrics()
  }
}

const report = variants[variant]() ?? (() => ({}))

// A ring of small objects: dead by the next scavenge but for a few.
const live = new Array(64)
let turn = 0
let before

function work () {
  for (let i = 0; i < 20000; i++) live[i & 63] = { i, pair: [i, turn] }
  turn++
  if (turn === WARM_UP_TURNS) before = process.cpuUsage()
  if (turn < Number(turns) + WARM_UP_TURNS) return setImmediate(work)
  const { user, system } = process.cpuUsage(before)
  console.log(JSON.stringify({ cpuUs: user + system, ...report() }))
  process.exit(0)
}
work()
