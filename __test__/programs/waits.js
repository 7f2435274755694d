'use strict'

// Leaks by what waits, some kinds by their names: what the census finds, and what two snapshots by fork show that are
// taken while it leaks. Prints both: node waits.js KIND,KIND [census|snapshots]

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks')
const { EventEmitter, on, once } = require('node:events')
const { mkdtempSync, openSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { MessageChannel } = require('node:worker_threads')
const { toFindings } = require('../../lib/evidence/retainers/finding')
const { censusOf } = require('../helpers/census-walks')

const [kinds, ways = 'census,snapshots'] = process.argv.slice(2)

class Order {
  constructor (n) {
    this.title = `order number ${n}`
    this.lines = Array.from({ length: 8 }, (_, i) => `line ${i} of order ${n}`)
  }
}

/** Never settle. */
const [ready, opened, loaded, first] = Array.from({ length: 4 }, () => new Promise(() => {}))
const storage = new AsyncLocalStorage()
let n = 0
const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-waits-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
writeFileSync(path.join(folder, 'upload'), 'x')
writeFileSync(path.join(folder, 'plugin.js'), 'module.exports = Array.from({ length: 20 }, (_, i) => `rule number ${i}`)')

async function ship (order) {
  await opened
  return order
}

/** Each waits for a promise of its own, that nobody settles. */
async function askForever (order, emitter) {
  await new Promise((resolve) => emitter.push(resolve))
  return order
}

function * each (order) {
  yield order.title
  yield order.lines
}

class Node { constructor (order, next) { Object.assign(this, { order, next }) } }

const kept = []
const emitter = new EventEmitter()
let last = null
let run = null
let queue = first
let unread

const KINDS = {
  /** Listeners on a promise that never settles. */
  reactions: (order) => { ready.then(() => order.title) },
  /** Async functions that wait for it. */
  'async-shared': (order) => { ship(order) },
  /** Async functions, each waiting for a promise whose resolver is kept. */
  'async-own': (order) => { askForever(order, kept) },
  /** Each waits for an event that never comes. */
  'async-once': (order) => { (async function waitForDone () { await once(emitter, 'done'); return order })() },
  /** Generators that were begun and never ended. */
  generators: (order) => { const steps = each(order); steps.next(); kept.push(steps) },
  /** Stores that what waits carries. */
  als: (order) => { storage.run({ order }, () => { loaded.then(() => {}) }) },
  'als-resource': (order) => { storage.run({ order }, () => { kept.push(new AsyncResource('JOB')) }) },
  list: (order) => { last = new Node(order, last) },
  /** Each closure has the one before in its variables. */
  closures: (order) => {
    const before = run
    run = function next () { return before === null ? order : before }
  },
  /** A queue of promises, the first of which never settles. */
  'promise-chain': (order) => { queue = queue.then(() => order.title) },
  'events-on': (order) => { emitter.emit('tick', order) },
  marks: () => { performance.mark(`order ${n}`, { detail: new Order(n) }) },
  measures: () => { performance.measure(`order ${n}`, { start: 0, end: 1, detail: new Order(n) }) },
  modules: () => {
    if (n % 20 !== 0) return
    const file = path.join(folder, 'plugin.js')
    require(file)
    delete require.cache[file]
  },
  files: () => { if (n % 20 === 0 && kept.length < 500) kept.push(openSync(path.join(folder, 'upload'))) },
  messages: (order) => { (unread ??= new MessageChannel()).port1.postMessage(order) },
  /** Short strings that keep the long ones they were cut from. */
  slices: (order) => { kept.push((`head number ${n} of a long text` + 'x'.repeat(10000) + order.title).slice(0, 25)) },
  wasm: () => { if (n % 200 === 0) kept.push(new WebAssembly.Memory({ initial: 4 })) }
}

const iterator = kinds === 'events-on' ? on(emitter, 'tick') : null
emitter.setMaxListeners(0)

function work (count = 1000) {
  for (let i = 0; i < count; i++) {
    n++
    for (const kind of kinds.split(',')) KINDS[kind](new Order(n))
  }
}

exports.keeps = { work, iterator, queue: () => queue, last: () => last, run: () => run, kept: () => kept.length, unread: () => unread }

async function bySnapshots () {
  const { snapshotsOf } = require('../../lib/evidence/retainers/snapshots')
  const snapshots = snapshotsOf(require('../../lib/binding').loadBinding())
  const first = await snapshots.capture({ timeoutMs: 60000 })
  work(3000)
  const second = await snapshots.capture({ timeoutMs: 60000 })
  const suspects = await snapshots.compare(first.path, second.path, {})
  await first.close()
  await second.close()
  return { findings: toFindings(suspects, 1000), suspects }
}

async function main () {
  const alive = setInterval(() => {}, 1000)
  work()
  await new Promise(setImmediate)
  const told = { kinds }
  if (ways.includes('census')) told.census = await censusOf(work, 5)
  if (ways.includes('snapshots')) told.snapshots = await bySnapshots()
  clearInterval(alive)
  process.stdout.write(JSON.stringify(told))
  process.exit()
}

main()
