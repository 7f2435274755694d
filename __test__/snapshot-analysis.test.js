'use strict'

const assert = require('node:assert/strict')
const { copyFileSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, truncateSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, test } = require('node:test')
const tidemark = require('..')
const { result } = require('./helpers/child')

let folder
let first
let second

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-analysis-'))
  const files = ['first', 'second'].map((name) => path.join(folder, `${name}.heapsnapshot`))
  await result('heap-diff-leaks-into-map.js', { args: files })
  ;[first, second] = await Promise.all(files.map((file) => tidemark.readHeapSnapshot(file)))
})

after(() => rmSync(folder, { recursive: true, force: true }))

const file = (name) => path.join(folder, name)
const failed = (promise) => promise.then(() => assert.fail('it did not fail'), (error) => error)

test('two snapshots of one process name the holder, what it holds and by how much it grew', async () => {
  const [suspect] = await second.suspects(first)
  assert.match(suspect.description, /^Map `sessions` \(context of heap-diff-leaks-into-map\.js\) holds 10,000 Session, .* MB, \+8,000 since the first$/)
  assert.equal(suspect.confidence, 0.95)
  assert.deepEqual([suspect.class, suspect.count, suspect.countGrowth], ['Session', 10000, 8000])
  assert.match(suspect.location.file, /heap-diff-leaks-into-map\.js$/)
  assert.equal(suspect.path.at(-1).id, suspect.id)
})

test('the difference is told class by class', async () => {
  const { matching, rows } = await second.diff(first)
  assert.equal(matching, 'ids')
  const row = rows.find((row) => row.class === 'Session')
  assert.deepEqual([row.countBefore, row.countAfter, row.added, row.removed], [2000, 10000, 8000, 0])
  assert.equal((await second.diff(first, { rows: 1 })).rows.length, 1)
})

test('the summary counts the objects of each class', async () => {
  const { classes, totalSize, nodes } = await second.summary({ rows: 10000 })
  assert.equal(classes.find((row) => row.class === 'Session').count, 10000)
  assert.equal(totalSize, second.totalSize)
  assert.equal(nodes, second.nodeCount)
})

test('a path leads from the root to the node, by id and by class', async () => {
  const ofClass = await second.path({ class: 'Session' })
  assert.equal(ofClass.ofClass, 10000)
  const byId = await second.path({ id: ofClass.id })
  assert.deepEqual(byId.path, ofClass.path)
  assert.equal(byId.path[0].edge, null)
  assert.ok(byId.path.some(({ edge }) => edge?.name === 'sessions'))
})

test('what is not there is said to be not there', async () => {
  assert.equal((await failed(second.path({ id: 4294967295 }))).code, 'ERR_TIDEMARK_SNAPSHOT_NOT_FOUND')
  assert.match((await failed(second.path({ class: 'Nobody' }))).message, /no class `Nobody`/)
})

test('what cannot be asked is refused with what was expected', async () => {
  const refused = [
    [() => second.summary({ rows: -1 }), /`rows` to be an integer from 0 to 4294967295, got -1\./],
    [() => second.summary({ rows: NaN }), /`rows`.*got NaN/],
    [() => second.summary(null), /`options` to be an object, got null/],
    [() => second.diff(first, { rows: 1.5 }), /`rows`.*got 1\.5/],
    [() => second.diff(), /`before` to be a HeapSnapshot, got undefined/],
    [() => second.diff(Object.create(first)), /`before` to be a HeapSnapshot, got an object/],
    [() => second.suspects({}), /`earlier` to be a HeapSnapshot, got an object/],
    [() => second.suspects('first'), /`earlier` to be a HeapSnapshot, got 'first'/],
    [() => second.path(), /`node` to be an object with an `id` or a `class`, got undefined/],
    [() => second.path({ Class: 'Session' }), /`node` to be an object with an `id` or a `class`/],
    [() => second.path({ id: -1 }), /`id` to be an integer from 0 to 4294967295, got -1/],
    [() => second.path({ id: 1.5 }), /`id`.*got 1\.5/],
    [() => second.path({ id: 'x' }), /`id`.*got 'x'/],
    [() => second.path({ class: 7 }), /`class` to be the name of a class, got 7/],
    [() => second.constructor.series([]), /`snapshots` to be a list of HeapSnapshots, got/],
    [() => second.constructor.series([first, {}]), /`snapshots` to be a HeapSnapshot, got an object/]
  ]
  for (const [ask, message] of refused) {
    const error = await failed(ask())
    assert.equal(error.code, 'ERR_TIDEMARK_OPTION', `${ask}: ${error.stack}`)
    assert.match(error.message, message)
  }
  const unknown = await failed(second.summary({ row: 3 }))
  assert.equal(unknown.code, 'ERR_TIDEMARK_UNKNOWN_OPTION')
})

test('a suspect names the node whose path is wanted', async () => {
  const [suspect] = await second.suspects(first)
  assert.equal((await second.path(suspect)).id, suspect.id)
})

test('the parts of the picture are no larger than what holds them', async () => {
  const parts = await second.icicle(1000)
  const below = new Map()
  for (const [parent, , , , , size] of parts) below.set(parent, (below.get(parent) ?? 0) + size)
  for (const [at, [parent, , , , , size]] of parts.entries()) {
    assert.ok(parent === null ? at === 0 : parent < at)
    assert.ok((below.get(at) ?? 0) <= size)
  }
  assert.equal(parts[0][5], second.totalSize)
  assert.ok(parts.some(([, label, , id, count]) => label === 'Session' && id === null && count > 9000))
})

test('a broken file is refused with what is wrong and the byte', async () => {
  const bytes = readFileSync(file('first.heapsnapshot'))
  copyFileSync(file('first.heapsnapshot'), file('cut'))
  truncateSync(file('cut'), bytes.length - 5000)
  const cut = await failed(tidemark.readHeapSnapshot(file('cut')))
  assert.deepEqual([cut.code, cut.reason, cut.offset], ['ERR_TIDEMARK_SNAPSHOT_INVALID', 'truncated', bytes.length - 5000])

  writeFileSync(file('text'), 'no snapshot')
  const text = await failed(tidemark.readHeapSnapshot(file('text')))
  assert.deepEqual([text.code, text.reason, text.offset], ['ERR_TIDEMARK_SNAPSHOT_INVALID', 'syntax', 0])

  closeSync(openSync(file('empty'), 'w'))
  assert.equal((await failed(tidemark.readHeapSnapshot(file('empty')))).reason, 'truncated')
})

test('what is no file is refused', async () => {
  for (const name of [folder, file('missing')]) {
    assert.equal((await failed(tidemark.readHeapSnapshot(name))).code, 'ERR_TIDEMARK_SNAPSHOT_UNREADABLE')
  }
  assert.equal((await failed(tidemark.readHeapSnapshot(''))).code, 'ERR_TIDEMARK_OPTION')
  assert.equal((await failed(tidemark.readHeapSnapshot(file('first.heapsnapshot'), { onProgres () {} }))).code, 'ERR_TIDEMARK_UNKNOWN_OPTION')
})

test('a signal ends the reading with its reason', async () => {
  const early = await failed(tidemark.readHeapSnapshot(file('first.heapsnapshot'), { signal: AbortSignal.abort() }))
  assert.equal(early.name, 'AbortError')
  const controller = new AbortController()
  const reading = failed(tidemark.readHeapSnapshot(file('second.heapsnapshot'), { signal: controller.signal }))
  controller.abort(new Error('enough'))
  assert.equal((await reading).message, 'enough')
})
