'use strict'

// An app that meets a limit of memory while tidemark works: node under-limits.js WAY LOAD HEAP_MB FOLDER
// When it has its heap it prints how large it is, and waits for a line on stdin: then it has its limit,
// and does what WAY says. Prints how that ended.

const { once } = require('node:events')
const { subscribe } = require('node:diagnostics_channel')
const { readFileSync } = require('node:fs')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const v8 = require('node:v8')
const tidemark = require('../..')

const [way, load, heapMb, folder] = process.argv.slice(2)
const MB = 1e6
const PAGE = 4096

process.chdir(folder)

class Account {
  constructor (id) {
    this.name = `account ${id}`
    this.orders = [{ id }, { id, open: true }]
  }
}

const accounts = []

async function fill (bytes) {
  while (v8.getHeapStatistics().used_heap_size < bytes) {
    for (let i = 0; i < 10; i++) accounts.push(Array.from({ length: 100 }, (_, id) => new Account(id)))
    await wait(0)
  }
}

/** As fast as it can, with a turn of the event loop every few milliseconds: objects, and Buffers of which some stay. */
const stays = new Array(64)
let turns = 0
function churn () {
  const garbage = []
  for (let i = 0; i < 5000; i++) garbage.push({ i, text: `${i}`, next: garbage.at(-1) })
  for (let i = 0; i < 8; i++) stays[(turns * 8 + i) % stays.length] = Buffer.alloc(128 * 1024, i)
  turns++
  setImmediate(churn)
}

function size () {
  const [address, resident] = readFileSync('/proc/self/statm', 'utf8').split(' ')
  return { address: address * PAGE, resident: resident * PAGE }
}

/** The most that it was in two seconds. */
async function largest () {
  const most = size()
  for (let looks = 0; looks < 40; looks++) {
    await wait(50)
    const { address, resident } = size()
    most.address = Math.max(most.address, address)
    most.resident = Math.max(most.resident, resident)
  }
  return most
}

function print (told) {
  console.log(JSON.stringify(told))
}

/** A child that stands back for others may need long on a busy machine. */
const PATIENCE_MS = 90000

const write = (options) => tidemark.writeHeapSnapshot(path.join(folder, 'taken.heapsnapshot'), { timeoutMs: PATIENCE_MS, ...options })

async function heapDiff () {
  const diff = new tidemark.HeapDiff()
  await fill(heapMb * MB * 1.01)
  return { nodes: diff.end().after.nodes }
}

async function heapDiffOffLoop () {
  const diff = await tidemark.HeapDiff.start()
  await fill(heapMb * MB * 1.01)
  return { nodes: (await diff.finish()).after.nodes }
}

class Session {
  constructor (id) {
    this.token = `token ${id}`
    this.history = [{ id }, { id }]
  }
}

/** Leaks until `over` says that there is no more to see. */
async function leakUntil (over) {
  const sessions = new Map()
  for (let i = 0; !over(); i++) {
    // Little, since the limit may be near, and slowly: as a leak does.
    if (sessions.size < 20000) for (let each = 0; each < 100; each++) sessions.set(sessions.size, new Session(each))
    await wait(50)
    if (i % 2 === 0) tidemark.gc()
  }
}

const watch = { detector: 'memwatch', consecutive: 3 }
const heard = { leaks: 0 }

async function evidence () {
  tidemark.on('leak', () => heard.leaks++)
  await leakUntil(() => heard.leaks > 0)
  return { leaks: heard.leaks, problems: tidemark.status().problems }
}

/** Two captures of a busy app and their comparison, or what they found is no news. */
const AUTO_MS = 150000

async function auto () {
  const until = Date.now() + AUTO_MS
  let retained
  tidemark.on('leak-evidence', ({ suspects }) => { retained ??= suspects.some(({ kind }) => kind === 'retainer') })
  const refusal = () => tidemark.status().problems.find((problem) => problem.startsWith('Who holds'))
  await leakUntil(() => retained !== undefined || refusal() !== undefined || Date.now() > until)
  const message = refusal()
  if (message !== undefined) throw Object.assign(new Error(message), { code: /refused/.test(message) ? 'REFUSED' : 'FAILED' })
  return retained === undefined ? { problems: [`nothing was told within ${AUTO_MS / 1000} s of who holds what leaks`] } : { retained }
}

/** It ends by V8, which `way` does not change. */
async function nearHeapLimit () {
  subscribe('tidemark:snapshot', ({ error, bytes }) => print(error === undefined ? { ended: 'taken', bytes } : inWords(error)))
  tidemark.on('error', () => {})
  await fill(Infinity)
}

const WAYS = {
  control: { act: () => wait(8000) },
  'heap-diff': { act: heapDiff },
  'heap-diff-off-loop': { act: heapDiffOffLoop },
  fork: { act: () => write() },
  'in-process': { act: () => write({ method: 'in-process' }) },
  redact: { act: () => write({ redact: true }) },
  'redact-in-process': { act: () => write({ redact: true, method: 'in-process' }) },
  auto: { start: { ...watch, snapshots: 'auto' }, act: auto },
  evidence: { start: watch, act: evidence },
  'near-heap-limit': { start: { snapshotNearHeapLimit: true, evidence: [], sampleIntervalMs: 100 }, act: nearHeapLimit },
  'near-heap-limit-control': { act: () => fill(Infinity) }
}

function inWords ({ code, reason, message, need, available }) {
  return { ended: /REFUSED/.test(code) ? 'refused' : 'failed', reason, message, need, available }
}

async function main () {
  const { start, act } = WAYS[way]
  if (start !== undefined) tidemark.start(start)
  await fill(heapMb * MB)
  if (load === 'busy') churn()
  print({ size: await largest() })
  await once(process.stdin, 'data')
  const ended = await Promise.resolve().then(act).then((told) => ({ ended: 'taken', ...told }), inWords)
  // What comes late, such as a collection of what was used, comes here.
  await wait(500)
  print(ended)
  process.exit()
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
