'use strict'

// A program with a large heap that leaks: how long its event loop stood still at a time, once it had
// that heap. With evidence 'on' all that a suspicion and a leak set going happens, from the first second on,
// and full GCs are asked for as a suspicion does. Prints JSON: the longest pauses in milliseconds, by the
// clock and without the time for which this thread waited for a processor, and what was found and left out.
// node pauses-app.js MB SECONDS EVIDENCE
const fs = require('node:fs')
const { performance } = require('node:perf_hooks')
const v8 = require('node:v8')

const tidemark = require('../../..')
const binding = require('../../../binding.js')
const { Evidence } = require('../../../lib/evidence')
const { createSource } = require('../../../lib/evidence/sources')
const { IdleGc } = require('../../../lib/idle-gc')
const { OPTIONS } = require('../../../lib/options')
const { Pauses } = require('../../../lib/pauses')

const [megabytes, seconds, evidence] = process.argv.slice(2)

/** Bytes of V8's heap that one of `records` takes, about. */
const RECORDS_AT_ONCE = 5000
const TICK_MS = 5
const ITEMS = 40
const LISTED = 5
/** When the leak is reported, of the whole time; and how long is left until a limit, so that a short run has suspects too. */
const REPORTED = 0.5
const TIME_LEFT_MS = 48000
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

/** What a monitor does while a channel is suspicious, without waiting for its verdict. */
function suspect () {
  const pauses = new Pauses(OPTIONS.maxPauseMs.default)
  const native = { wantsGc: () => true, status: () => tidemark.status(), history: () => tidemark.history() }
  const idleGc = new IdleGc({ idleGc: true, idleGcIntervalMs: OPTIONS.idleGcIntervalMs.default }, native, pauses, () => binding.startIncrementalGc())
  const means = {
    binding,
    pauses,
    resources: () => tidemark.status().resources,
    sinceFullGc: () => Date.now() - (tidemark.history().samples.at(-1)?.time ?? 0),
    collect: () => idleGc.collect(performance.now())
  }
  const ladder = new Evidence(OPTIONS.evidence.default, (name, sources) => createSource(name, means, sources))
  ladder.follow({ channel: 'heap', to: 'suspect' }, performance.now())
  const ticks = setInterval(() => {
    const { gc, channels } = tidemark.status()
    idleGc.consider(performance.now())
    ladder.tick(performance.now(), { fullGcs: gc.major.count, levels: { heap: channels.heap?.level } })
  }, OPTIONS.sampleIntervalMs.default)
  const report = { suspects: [], evidenceMs: {}, problems: [] }
  setTimeout(async () => {
    const suspects = await ladder.suspects({ channel: 'heap', growthRate: null }, TIME_LEFT_MS)
    report.suspects = suspects.map(({ description }) => description)
  }, seconds * 1000 * REPORTED)
  return {
    report,
    end () {
      clearInterval(ticks)
      Object.assign(report, { evidenceMs: ladder.cost, problems: [...ladder.problems, ...pauses.problems] })
      ladder.stop()
    }
  }
}

function main () {
  fill()
  tidemark.start({ evidence: [], idleGc: false })
  tidemark.gc()
  const requests = setInterval(handle, TICK_MS)
  last = read()
  const looks = setInterval(look, 1)
  const { report, end } = evidence === 'on' ? suspect() : { end () {} }
  setTimeout(() => {
    for (const timer of [requests, looks]) clearInterval(timer)
    end()
    const { gc, memory } = tidemark.status()
    tidemark.stop()
    for (const longest of Object.values(pauses)) longest.sort(descending).splice(LISTED)
    console.log(JSON.stringify({ pauses, ...report, usedHeapSize: memory.usedHeapSize, fullGcs: gc.major.count, held: records.size + sessions.size }))
  }, seconds * 1000)
}

main()
