'use strict'

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const test = require('node:test')
const { pathToFileURL } = require('node:url')
const { contentsOf } = require('../lib/evidence/census/contents')
const { growthOfKind, kindsOf, steadiness, toFindings } = require('../lib/evidence/census/finding')
const { Ledger } = require('../lib/evidence/census/ledger')
const { Scopes } = require('../lib/evidence/census/scopes')
const { anchor, step } = require('../lib/evidence/census/place')

const range = (length, make) => Array.from({ length }, (_, i) => make(i))
const grown = (ledger) => kindsOf(ledger.all()).map(({ record }) => record)
const bytesOf = (list, options) => contentsOf(list, 'array', options).bytesPerEntry

test('of what is long in an entry a part is looked at, and counts for all of it', () => {
  const short = bytesOf(range(10, (i) => ({ words: range(50, (j) => `a word of twenty ${i} ${j}`) })))
  const long = bytesOf(range(10, (i) => ({ words: range(500, (j) => `a word of twenty ${i} ${j}`) })))
  assert.ok(long > 8 * short && long < 12 * short, `${short} and ${long} bytes`)
  const maps = bytesOf(range(10, (i) => ({ byKey: new Map(range(500, (j) => [j, { i, j }])) })))
  assert.ok(maps > 500 * 60 && maps < 500 * 160, `${maps} bytes`)
})

test('what a WeakMap has for an entry is part of what the entry costs', () => {
  const users = range(10, (id) => ({ id }))
  const permissions = new WeakMap(users.map((user) => [user, range(50, (i) => ({ resource: `resource number ${i}`, write: true }))]))
  const alone = bytesOf(users)
  const both = bytesOf(users, { weakMaps: [permissions] })
  assert.ok(alone < 200 && both > alone + 50 * 60, `${alone} and ${both} bytes`)
})

test('generators are called that, and what they have cannot be seen', () => {
  const begun = range(10, function * (i) { yield i })
  const { holds, atLeast } = contentsOf(begun, 'array')
  assert.deepEqual([holds, atLeast], [['Generator'], true])
})

test('an entry that knows its container does not cost the container', () => {
  const queue = { waiting: [] }
  const request = (id) => ({ id, queue, body: range(20, (i) => `part ${i} of the body of ${id}`) })
  range(5000, (id) => queue.waiting.push(request(id)))
  const knowing = bytesOf(queue.waiting)
  assert.ok(knowing > 600 && knowing < 2000, `${knowing} bytes`)
  // Neither does one whose listener knows the emitter.
  const emitter = new EventEmitter().setMaxListeners(0)
  range(5000, (id) => emitter.on('change', Object.assign(() => {}, { emitter, id })))
  const { bytesPerEntry } = contentsOf(emitter, 'emitter')
  assert.ok(bytesPerEntry > 50 && bytesPerEntry < 500, `${bytesPerEntry} bytes`)
})

test('what the callbacks of an entry close over is part of what the entry costs', () => {
  const { scopes, problem } = Scopes.open()
  assert.equal(problem, undefined)
  const planned = (rows) => ({ at: 1, name: 'reminder', run: () => rows.length })
  const jobs = range(10, (i) => planned(range(50, (j) => `a word of twenty ${i} ${j}`)))
  const without = bytesOf(jobs)
  const all = bytesOf(jobs, { scopes })
  assert.ok(without < 300 && all > 50 * 30, `${without} and ${all} bytes`)
  const shared = range(50, (j) => `a word of twenty ${j}`)
  assert.ok(bytesOf(range(10, () => planned(shared)), { scopes }) < 400, 'what all of them close over is not what one costs')
  const requests = range(10, (i) => Object.assign(new EventEmitter(), planned(range(50, (j) => `a word of twenty ${i} ${j}`))))
  assert.equal(bytesOf(requests, { scopes }), bytesOf(requests), 'streams and requests have callbacks into all of the app')
  scopes.close()
})

test('an entry without callbacks is not searched for them', () => {
  const { scopes } = Scopes.open()
  const began = process.hrtime.bigint()
  assert.ok(bytesOf(range(10, () => Buffer.alloc(4e6)), { scopes }) > 4e6)
  assert.ok(process.hrtime.bigint() - began < 2_000_000_000n, 'a Buffer has a key for each byte: 17 s')
  scopes.close()
})

test('a string that callbacks share is not what one entry costs', () => {
  const { scopes } = Scopes.open()
  const page = 'a long page '.repeat(2000)
  const app = (text) => (id) => ({ id, done: () => text.length + id })
  const make = app(page)
  assert.ok(bytesOf(range(10, make), { scopes }) < 400)
  assert.ok(bytesOf(range(10, (i) => app(`${page}${i}`)(i)), { scopes }) > 20000)
  scopes.close()
})

test('an export that is not there yet costs nothing, and throws nothing', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-contents-'))
  const file = path.join(folder, 'half.mjs')
  writeFileSync(file, "import * as self from './half.mjs'\nglobalThis.half = self\nawait new Promise(() => {})\nexport const later = 1\n")
  import(pathToFileURL(file))
  while (globalThis.half === undefined) await new Promise((resolve) => setTimeout(resolve, 1))
  const { scopes } = Scopes.open()
  assert.ok(bytesOf(range(3, () => globalThis.half), { scopes }) < 400)
  assert.ok(bytesOf(range(3, () => ({ half: globalThis.half })), { scopes }) < 400)
  scopes.close()
  delete globalThis.half
  rmSync(folder, { recursive: true })
})

test('an estimate that is more than there can be is none', () => {
  const list = range(10, (i) => ({ words: range(50, (j) => `a word of twenty ${i} ${j}`) }))
  const each = bytesOf(list)
  assert.equal(bytesOf(list, { mostPerEntry: each }), each)
  assert.equal(bytesOf(list, { mostPerEntry: each - 1 }), 0)
})

test('of what cannot be looked into the size is a lower bound, and said to be one', () => {
  const isBound = (contents) => contents.atLeast && contents.bytesPerEntry > 0
  class Query {
    constructor (signal) { this.rows = range(100, String); signal.addEventListener('abort', () => this.rows) }
  }
  const { signal } = new AbortController()
  range(20, () => new Query(signal))
  assert.deepEqual(contentsOf(signal, 'emitter').holds, ['function'])
  assert.ok(isBound(contentsOf(signal, 'emitter')))
  const emitter = new EventEmitter().setMaxListeners(0)
  range(20, () => emitter.on('change', () => emitter))
  assert.equal(contentsOf(emitter, 'emitter').atLeast, false, 'closes over nothing that is hidden')
  assert.ok(isBound(contentsOf(range(10, () => (function * () { yield range(100, String) })()), 'array')))
  assert.ok(isBound(contentsOf(range(10, () => new Promise(() => {})), 'array')))
  const slices = new Map(range(100, (i) => [`key ${i}`, (`head number ${i} of a long text` + 'x'.repeat(40000) + i).slice(0, 25)]))
  assert.ok(isBound(contentsOf(slices, 'map')), 'a slice of a string holds all of it')
})

test('a view costs the whole ArrayBuffer that it keeps, and what many have parts of is shared', () => {
  const ofMap = (make) => contentsOf(new Map(range(100, (i) => [`key ${i}`, make(i)])), 'map')
  const isNear = ({ bytesPerEntry }, bytes) => assert.ok(bytesPerEntry >= bytes && bytesPerEntry < 1.1 * bytes + 300, `${bytesPerEntry} for ${bytes}`)
  const slices = ofMap(() => Buffer.alloc(90000).subarray(0, 16))
  isNear(slices, 90000)
  assert.deepEqual({ parts: slices.parts, atLeast: slices.atLeast }, { parts: true, atLeast: false })
  isNear(ofMap((id) => ({ id, head: Buffer.alloc(90000).subarray(7, 16) })), 90000)
  isNear(ofMap(() => new DataView(new ArrayBuffer(50000), 0, 8)), 50000)
  isNear(ofMap(() => new WebAssembly.Memory({ initial: 16 })), 1 << 20)
  const whole = ofMap(() => new Float64Array(1000))
  isNear(whole, 8000)
  assert.equal(whole.parts, false)
  isNear({ bytesPerEntry: bytesOf(range(100, () => range(3, () => Buffer.alloc(5000).subarray(0, 9)))) }, 15000)
  const pool = Buffer.allocUnsafeSlow(8192)
  isNear(ofMap((i) => pool.subarray(i * 16, i * 16 + 16)), 16)
  // Two entries of each upload: both keep it.
  const uploads = range(50, () => Buffer.alloc(90000))
  isNear(ofMap((i) => uploads[i >> 1].subarray(i % 2, 16)), 45000)
  const detached = new DataView(new ArrayBuffer(8))
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  isNear({ bytesPerEntry: bytesOf([detached, detached]) }, 0)
})

test('short strings count where each entry has its own', () => {
  const own = bytesOf(range(10, (id) => ({ id, tags: range(40, (i) => `t${i}-${id}`) })))
  assert.ok(own > 40 * 30 && own < 40 * 45, `${own} bytes`)
  const shared = bytesOf(range(10, (id) => ({ id, tags: range(40, (i) => `t${i}`) })))
  assert.ok(shared < 40 * 8 + 150, `${shared} bytes`)
  assert.ok(bytesOf(range(10, (i) => `пример текста ${i}`.repeat(100))) > 2 * 1500, 'two bytes a character')
})

test('entries that know their neighbours in a list cost themselves alone', () => {
  class Node { constructor (id) { Object.assign(this, { id, data: range(50, (i) => ({ i, id })), prev: null, next: null }) } }
  const nodes = range(100, (id) => new Node(id))
  nodes.forEach((node, i) => { node.prev = nodes[i - 1] ?? null; node.next = nodes[i + 1] ?? null })
  const alone = bytesOf(range(100, (id) => new Node(id)))
  const linked = contentsOf(new Map(nodes.map((node) => [node.id, node])), 'map').bytesPerEntry
  assert.ok(linked > alone && linked < alone + 100, `${alone} and ${linked} bytes`)
})

test('a Map of indices has the values in the arrays beside it', () => {
  const keys = range(100, (i) => `key ${i}`)
  const values = range(100, () => new Uint8Array(3000))
  const index = new Map(keys.map((key, i) => [key, i]))
  const { bytesPerEntry, holds } = contentsOf(index, 'map', { beside: [keys, values] })
  assert.ok(bytesPerEntry > 3000 && bytesPerEntry < 3400, `${bytesPerEntry} bytes`)
  assert.deepEqual(holds, ['Uint8Array'])
})

test('a long string is counted by the place where it hangs', () => {
  const ledger = new Ledger()
  const place = () => step(anchor('variable', 'journal', '/srv/app/app.js'), 'property', 'text', 'Journal')
  ledger.noteText(place(), 40000, 1)
  ledger.noteText(place(), 90000, 2)
  ledger.noteText(step(place(), 'property', 'other', 'Journal'), 50000, 2)
  const [record, ...others] = grown(ledger)
  assert.deepEqual(others, [])
  assert.deepEqual({ shape: record.shape, first: record.first.size, last: record.last.size, rises: record.rises }, { shape: 'text', first: 40000, last: 90000, rises: 1 })
  const counting = ledger.recount(3, { slow: true, clock: () => 0, full: () => false })
  while (!counting.next().done);
  assert.equal(record.counts, 2, 'between two walks nobody knows its length')
})

test('a string that a complete walk did not meet any more has not grown', () => {
  const ledger = new Ledger()
  const page = anchor('variable', 'page', '/srv/app/app.js')
  const walk = (at, length, isComplete = true) => {
    ledger.beginWalk(at)
    if (length > 0) ledger.noteText(page, length, at + 1)
    ledger.endWalk(at + 2, isComplete)
  }
  walk(0, 40000)
  walk(10, 400000)
  walk(20, 0, false)
  assert.equal(grown(ledger).length, 1, 'a walk that came to its bounds may have missed it')
  walk(30, 0)
  assert.deepEqual(grown(ledger), [])
  assert.deepEqual(ledger.all(), [])
  walk(40, 500000)
  const [record] = grown(ledger)
  assert.deepEqual({ first: record.first.size, last: record.last.size, rises: record.rises, falls: record.falls }, { first: 40000, last: 500000, rises: 2, falls: 1 })
  walk(50, 0)
  ledger.prune(60)
  walk(70, 50000)
  assert.equal(ledger.all()[0].first.size, 50000, 'what was gone for long begins anew')
})

test('containers that hang at the same place are one finding, and the one that grew most speaks for all', () => {
  const ledger = new Ledger()
  const carts = anchor('variable', 'carts', '/srv/app/app.js')
  const place = () => step(step(carts, 'entry', 'Cart', 'Map'), 'property', 'items', 'Cart')
  const other = step(carts, 'property', 'log', 'Map')
  const lists = range(20, () => [])
  const log = []
  for (let at = 0; at < 5; at++) {
    lists.forEach((list, i) => ledger.note(list, { shape: 'array', type: 'Array', size: 40 + at * (i === 7 ? 20 : 10), place: place() }, at * 1000))
    ledger.note(log, { shape: 'array', type: 'Array', size: 40 + at * 50, place: other }, at * 1000)
  }
  const kinds = kindsOf(ledger.all())
  assert.deepEqual(kinds.map(({ record, kin }) => [record.ref.deref() === lists[7] ? 'list 7' : record.place.name, kin.length]), [['list 7', 19], ['log', 0]])
  assert.equal(growthOfKind(kinds[0]), 80 + 19 * 40)
  // One that is known for half as long has grown half as much at the same pace, and one has shrunk.
  lists.push([], [])
  for (let at = 2; at < 5; at++) ledger.note(lists[20], { shape: 'array', type: 'Array', size: 40 + at * 10, place: place() }, at * 1000)
  for (let at = 0; at < 5; at++) ledger.note(lists[21], { shape: 'array', type: 'Array', size: 400 - at * 50, place: place() }, at * 1000)
  const [more] = kindsOf(ledger.all())
  assert.equal(more.kin.length, 21)
  assert.equal(growthOfKind(more), 80 + 20 * 40 - 200)
  const [finding] = toFindings(kinds.map((kind) => ({ ...kind, entries: 840, growth: 84000, bytes: 164000, contents: { holds: ['Item'], within: [], bytesPerEntry: 100 }, routes: [], event: undefined, confidence: 0.9, siblings: [] })))
  assert.equal(finding.description, '`carts[…].items` in app.js, part of a Cart, an Array, grew from 40 to 120 entries in 4 s; it holds Item, about 100 bytes each; 19 more like it grew too')
  assert.deepEqual(finding.evidence[1], { kind: 'kin', description: 'together they grew by 840', containers: 20 })
})

test('what doubles now and then is as steady as it can be, and what was loaded once is not', () => {
  const counted = (sizes) => {
    const ledger = new Ledger()
    const list = []
    sizes.forEach((size, at) => ledger.note(list, { shape: 'array', type: 'Array', size, place: anchor('variable', 'list', '/srv/app/app.js') }, at * 1000))
    return steadiness(ledger.all()[0])
  }
  const doubling = counted([...Array(4).fill(100), ...Array(5).fill(200), ...Array(4).fill(400)])
  const once = counted([...Array(4).fill(100), ...Array(9).fill(120)])
  const steady = counted(range(13, (i) => 100 + i))
  assert.ok(doubling > 0.4 && doubling > 2 * once && doubling < steady, `${doubling} ${once} ${steady}`)
  assert.ok(counted([...Array(4).fill(100), ...Array(5).fill(200), ...Array(4).fill(100)]) < once, 'it fell again')
})
