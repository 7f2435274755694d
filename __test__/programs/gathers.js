'use strict'

// Calls functions in two rounds with heap snapshots of this process between them, and prints what gathered:
// node gathers.js NAME,NAME CALLS [MEGABYTES]. Each has a holder of its own.

const { EventEmitter } = require('node:events')
const { collectGarbage } = require('../../lib/collect-garbage')
const { loadBinding } = require('../../lib/binding')
const { grownOver } = require('../../lib/analysis')
const { runWork } = require('../../lib/analysis/work')
const { readThisHeap } = require('../../lib/snapshot/this-heap')

class Session {
  constructor (id) {
    this.id = id
  }
}

class Link {
  constructor (next) {
    this.next = next
  }
}

class Queue {
  head = null
  tail = null

  add () {
    const link = new Link(null)
    if (this.tail === null) this.head = link
    else this.tail.next = link
    this.tail = link
  }
}

class Registry {
  static entries = []
}

let next = 0
const sessions = new Map()
const visited = new Set()
const pairs = []
const stack = { top: null }
const queue = new Queue()
const bus = new EventEmitter().setMaxListeners(0)
const handlers = []
const forever = new Promise(() => {})
const resolvers = []
const byName = {}
const byNumber = {}
const totals = []
const chunks = []
const inStep = { first: [], second: [] }
let log = ''
let body = Buffer.alloc(0)
const timers = new Map()
const weak = new WeakMap()
const keys = []

const leaky = {
  map: () => { sessions.set(`session-${next}`, new Session(next++)) },
  'array of small objects': () => { pairs.push({ a: next++ }) },
  set: () => { visited.add(new Session(next++)) },
  'list from its head': () => { stack.top = new Link(stack.top) },
  'list from its tail': () => { queue.add() },
  listeners: () => { bus.on('order', () => next++) },
  closures () {
    const session = new Session(next++)
    handlers.push(() => session)
  },
  async 'pending promise' () {
    const session = new Session(next++)
    waitsFor(forever, session)
  },
  resolvers () {
    waitsFor(new Promise((resolve) => resolvers.push(resolve)), new Session(next++))
  },
  static: () => { Registry.entries.push(new Session(next++)) },
  dictionary: () => { byName[`name-${next++}`] = { at: next } },
  'dictionary of numbers': () => { byNumber[`key${next++}`] = next },
  numbers: () => { totals.push(next++) },
  buffers: () => { chunks.push(Buffer.alloc(1000)) },
  'two owners' () {
    const session = new Session(next++)
    inStep.first.push(session)
    inStep.second.push(session)
  },
  string: () => { log += `line ${next++}` },
  // More than what Node.js takes from its pool.
  buffer: () => { body = Buffer.concat([body, Buffer.alloc(1000)]) },
  'weak map' () {
    const key = {}
    keys.push(key)
    weak.set(key, new Session(next++))
  },
  timers: () => { timers.set(next++, setTimeout(() => next++, 1e8).unref()) }
}

async function waitsFor (promise, session) {
  await promise
  return session
}

const cache = new Map()
const ring = new Array(64).fill(null)
const settled = []

const clean = {
  'cache at its cap' () {
    const id = next++
    cache.set(`key-${id}`, new Session(id))
    if (cache.size > 100) cache.delete(cache.keys().next().value)
  },
  ring: () => { ring[next++ % ring.length] = new Session(next) },
  jit: () => new Function(`return ${next++ % 7} + 1`)() + [3, 1, 2].sort((a, b) => a - b)[0],
  async promises () {
    await new Promise(setImmediate)
    await Promise.all([1, 2].map(async (value) => value))
  },
  'listener removed' () {
    const listener = () => next++
    bus.on('order', listener)
    bus.off('order', listener)
  },
  nothing: () => JSON.parse(JSON.stringify({ at: next++, list: [1, 2, 3] })),
  'queue that drains' () {
    settled.push(new Session(next++))
    if (settled.length > 20) settled.shift()
  }
}

const [names, calls, megabytes] = [process.argv[2].split(','), Number(process.argv[3]), Number(process.argv[4] ?? 0)]
const ballast = []
// Numbers and strings grow by doubling, so the rounds do.
const rounds = [calls, 2 * calls]
// What the program keeps of its own has its size from the start.
const natives = [undefined, undefined, undefined]
const times = new Float64Array(rounds.length + 2)

async function repeat (functions, count) {
  for (let at = 0; at < count; at++) {
    for (const call of functions) await call()
  }
}

async function snapshot (binding, at) {
  for (let passes = 0; passes < 2; passes++) {
    collectGarbage(binding)
    await new Promise(setImmediate)
  }
  const reader = new binding.SnapshotReader()
  readThisHeap((chunk) => reader.feed(chunk))
  const from = performance.now()
  natives[at] = await runWork(binding, {}, (work) => reader.analyse(work))
  times[at] = performance.now() - from
}

async function gathers (binding, functions) {
  await repeat(functions, Math.max(calls, 100))
  await snapshot(binding, 0)
  for (const [at, count] of rounds.entries()) {
    await repeat(functions, count)
    await snapshot(binding, at + 1)
  }
  const from = performance.now()
  const found = await grownOver(binding, natives, rounds)
  times[rounds.length + 1] = performance.now() - from
  return found
}

async function main () {
  const binding = loadBinding()
  for (let at = 0; at < megabytes * 5000; at++) ballast.push({ at, text: `text ${at}`, list: [at, at] })
  const found = await gathers(binding, names.map((name) => leaky[name] ?? clean[name]))
  console.log(JSON.stringify({ found, times: [...times], nodes: natives[0].nodeCount, bytes: natives[0].totalSize, kept: ballast.length }))
}

main()
