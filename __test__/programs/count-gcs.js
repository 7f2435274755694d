'use strict'

// Allocates while both tidemark and Node's own observer count every collection; prints both counts.
const { PerformanceObserver, constants } = require('node:perf_hooks')
const tidemark = require('../..')

const KINDS = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb'
}
const names = ['minor', 'major', 'incremental', 'weakcb']
const observed = Object.fromEntries(names.map((name) => [name, { count: 0, durationMs: 0 }]))
const observer = new PerformanceObserver((list) => {
  for (const { detail, duration } of list.getEntries()) {
    // V8 has a second young collector (2); it is minor too.
    const kind = observed[KINDS[detail.kind] ?? 'minor']
    kind.count++
    kind.durationMs += duration
  }
})
// With nothing left to collect, none comes while one of the two counts and the other does not yet, or no longer.
tidemark.gc()
observer.observe({ entryTypes: ['gc'] })

const events = Object.fromEntries(names.map((name) => [name, 0]))
tidemark.on('gc', ({ kind }) => { events[kind]++ })
tidemark.start({ idleGc: false })

let kept = []
let turns = 0
const timer = setInterval(() => {
  for (let i = 0; i < 20; i++) {
    const garbage = []
    for (let j = 0; j < 5000; j++) garbage.push({ j, text: `${i}-${j}` })
    if (i % 5 === 0) kept.push(garbage)
  }
  if (turns % 10 === 9) kept = []
  if (turns % 25 === 24) tidemark.gc()
  if (++turns < 60) return
  clearInterval(timer)
  setTimeout(() => {
    tidemark.gc()
    const { gc, problems } = tidemark.status()
    // Node's observer delivers on a later turn.
    setTimeout(() => {
      observer.disconnect()
      console.log(JSON.stringify({ counted: gc, events, observed, problems }))
      tidemark.stop()
    }, 50)
  }, 50)
}, 1)
