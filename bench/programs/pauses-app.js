'use strict'

// A program with a large heap that leaks: how long its event loop stood still at a time, once it had
// that heap. Full GCs that it asks for itself, so that the leak is found within the time, do not count.
// Prints JSON: the longest pauses in milliseconds, by the clock and without the time for which this
// thread waited for a processor, and what tidemark said.
// node pauses-app.js MB SECONDS EVIDENCE MODULE
const fs = require('node:fs')
const { performance } = require('node:perf_hooks')
const v8 = require('node:v8')

const [megabytes, seconds, evidence, entry] = process.argv.slice(2)

/** Bytes of V8's heap that one of `records` takes, about. */
const RECORDS_AT_ONCE = 5000
const TICK_MS = 5
const ITEMS = 40
/** Between two full GCs that the program asks for. */
const GC_MS = 1500
const LISTED = 5
const LEAK_SHARE = 0.01

const records = new Map()
const sessions = new Map()
const pauses = { clock: [], own: [] }
let last
let next = 0
/** A second's requests leave this share of the heap behind. */
const keptBytes = megabytes * 1048576 * LEAK_SHARE * TICK_MS / 1000

function fill () {
  while (v8.getHeapStatistics().used_heap_size < megabytes * 1048576) {
    for (let i = 0; i < RECORDS_AT_ONCE; i++) records.set(++next, { id: next, name: `record ${next}`, tags: ['a', 'b'], price: { amount: next, currency: 'EUR' } })
  }
}

/** A request: some is for the answer, some stays. */
function handle () {
  const id = ++next
  const items = Array.from({ length: ITEMS }, (_, i) => ({ id: i, name: `item ${id}-${i}` }))
  sessions.set(id, { id, items, body: new Array(Math.round(keptBytes / 8)).fill(id) })
  return JSON.stringify(items).length
}

/** How long the main thread was ready to run and did not, by Linux alone: the turns of other processes on a busy machine. */
const schedule = process.platform === 'linux' ? fs.openSync('/proc/self/schedstat', 'r') : undefined
const text = Buffer.alloc(64)

function read () {
  const waitedMs = schedule === undefined ? 0 : Number(text.toString('latin1', 0, fs.readSync(schedule, text, 0, text.length, 0)).split(' ')[1]) / 1e6
  const clock = performance.now()
  return { clock, own: clock - waitedMs }
}

function look () {
  const now = read()
  for (const [by, longest] of Object.entries(pauses)) {
    longest.push(now[by] - last[by])
    if (longest.length > 1000) longest.sort(descending).splice(LISTED)
  }
  last = now
}

function descending (one, other) {
  return other - one
}

function main () {
  fill()
  const tidemark = require(entry)
  const leaks = []
  tidemark.on('leak', ({ channel, suspects }) => leaks.push({ channel, suspects: suspects.map(({ kind, key }) => `${kind} ${key}`) }))
  last = read()
  tidemark.start(evidence === 'on' ? {} : { evidence: [], idleGc: false })
  const collect = setInterval(() => {
    look()
    tidemark.gc()
    last = read()
  }, GC_MS)
  const requests = setInterval(handle, TICK_MS)
  const looks = setInterval(look, 1)
  setTimeout(() => {
    for (const timer of [collect, requests, looks]) clearInterval(timer)
    const { evidence: { durationMs }, state, problems, gc } = tidemark.status()
    tidemark.stop()
    for (const longest of Object.values(pauses)) longest.sort(descending).splice(LISTED)
    console.log(JSON.stringify({
      pauses,
      usedHeapSize: v8.getHeapStatistics().used_heap_size,
      state,
      evidenceMs: durationMs,
      leaks,
      problems,
      fullGcs: gc.major.count,
      held: records.size + sessions.size
    }))
  }, seconds * 1000)
}

main()
