'use strict'

const assert = require('node:assert/strict')
const { before, describe, test } = require('node:test')
const { result } = require('./helpers/child')
const binding = require('../lib/binding').loadBinding()
const { createHeapDiff } = require('../lib/heap-diff')
const { niceSize } = require('../lib/heap-diff/shape')

describe('a HeapDiff', () => {
  let told

  before(async () => {
    told = await result('heap-diff-shape.js')
  })

  const row = ({ change }, what) => change.details.find((detail) => detail.what === what)

  test("has memwatch's shape", () => {
    const { classic } = told
    assert.deepEqual(Object.keys(classic), ['before', 'after', 'change'])
    for (const side of [classic.before, classic.after]) assert.deepEqual(Object.keys(side), ['nodes', 'size_bytes', 'size'])
    assert.deepEqual(Object.keys(classic.change), ['size_bytes', 'size', 'freed_nodes', 'allocated_nodes', 'details'])
    for (const detail of classic.change.details) {
      assert.deepEqual(Object.keys(detail), ['what', 'size_bytes', 'size', '+', '-'])
      assert.match(detail.size, /^-?\d+(\.\d{1,2})? (mb|kb|bytes)$/)
    }
  })

  test('tells exactly the objects that are new and gone, by the name of their constructor', () => {
    const session = row(told.classic, 'Session')
    assert.deepEqual([session['+'], session['-']], [10000, 2000])
    assert.ok(session.size_bytes > 0)
    assert.equal(row(told.finished, 'Session')['+'], 5000)
    assert.equal(row(told.finished, 'Session')['-'], 0)
  })

  test('has sums that hold together', () => {
    for (const { before, after, change } of [told.classic, told.finished]) {
      assert.equal(change.size_bytes, after.size_bytes - before.size_bytes)
      assert.equal(change.allocated_nodes - change.freed_nodes, after.nodes - before.nodes)
    }
  })

  test('does not see itself', () => {
    for (const what of ['HeapDiff', 'HeapInventory', 'SnapshotReader']) assert.equal(row(told.classic, what), undefined)
  })

  test("ends once, with memwatch's words the second time", () => {
    assert.equal(told.again.message, 'attempt to end() a HeapDiff that was already ended')
    assert.equal(told.again.code, 'ERR_TIDEMARK_HEAP_DIFF_ENDED')
    assert.equal(told.finishedAgain, told.again.message)
  })

  test('is a constructor: a call without new is a TypeError', () => {
    assert.equal(told.calledWithoutNew.isTypeError, true)
  })
})

for (const source of ['auto', 'perf_hooks']) {
  test(`a HeapDiff made in a 'stats' handler causes no other 'stats' (source ${source})`, async () => {
    const { afterFirst, afterSecond, samples, diffs } = await result('heap-diff-in-stats-handler.js', { args: [source] })
    assert.equal(afterFirst, 1)
    assert.equal(afterSecond, 2)
    assert.equal(samples, 2)
    assert.equal(diffs, 1)
  })
}

test('a list of a million nodes is no matter', async () => {
  const { before, objects } = await result('heap-diff-long-list.js', { deadlineMs: 180000 })
  assert.ok(before.nodes > 1e6)
  assert.ok(objects['+'] >= 1234 && objects['+'] < 1400, JSON.stringify(objects))
})

test('the memory of HeapDiffs that nobody ends is given back', async () => {
  const { held, left } = await result('heap-diff-dropped.js')
  assert.ok(held > 50000 * 16, String(held))
  assert.ok(left < held / 4, `${left} of ${held}`)
})

test('a HeapDiff stops when its signal says so, and at its bound of memory', async () => {
  const told = await result('heap-diff-bounds.js')
  assert.equal(told.aborted.name, 'AbortError')
  assert.equal(told.abortedWhileRunning.message, 'no longer wanted')
  assert.equal(told.abortedFinish.name, 'AbortError')
  assert.equal(told.over.code, 'ERR_TIDEMARK_HEAP_DIFF_ENDED')
  assert.equal(told.tooLarge.code, 'ERR_TIDEMARK_SNAPSHOT_TOO_LARGE')
  assert.match(told.tooLarge.message, /1048576 are allowed/)
  assert.equal(told.badOption.code, 'ERR_TIDEMARK_OPTION')
  assert.equal(told.unknown.code, 'ERR_TIDEMARK_UNKNOWN_OPTION')
  assert.ok(told.nodes > 20000)
})

test('a HeapDiff is of its own thread, and a thread may end in the middle of one', async () => {
  const { found, own } = await result('heap-diff-workers.js')
  assert.equal(found['+'], 1000)
  assert.equal(own, null)
})

test("sizes are written as memwatch's", () => {
  assert.equal(niceSize(1869904), '1.78 mb')
  assert.equal(niceSize(12800), '12.5 kb')
  assert.equal(niceSize(512), '512 bytes')
  assert.equal(niceSize(-2120), '-2.07 kb')
  assert.equal(niceSize(0), '0 bytes')
  assert.equal(niceSize(3 * 2 ** 31), '6144 mb')
})

describe('where memory may not suffice, a HeapDiff', () => {
  let left
  const HeapDiff = createHeapDiff({ ...binding, memoryHeadroom: () => ({ machine: left, bytes: left, place: 'on the machine' }) }, (work) => work())
  const refusal = (error) => {
    assert.deepEqual([error.code, error.reason], ['ERR_TIDEMARK_SNAPSHOT_REFUSED', 'memory'])
    assert.ok(error.need > 1e8 && error.available === left)
    assert.match(error.message, /may need \d+ MB .* 1\.0 MB are left on the machine.*force: true/)
    return true
  }

  test('is refused with both numbers, and one that was begun can be ended later', async () => {
    left = 1e12
    const [one, other] = [new HeapDiff(), await HeapDiff.start()]
    left = 1e6
    assert.throws(() => new HeapDiff(), refusal)
    await assert.rejects(HeapDiff.start(), refusal)
    assert.throws(() => one.end(), refusal)
    await assert.rejects(other.finish(), refusal)
    left = 1e12
    assert.ok(one.end().after.nodes > 10000)
    assert.ok((await other.finish()).after.nodes > 10000)
  })

  test('is made and ended by force', async () => {
    left = 1e6
    assert.ok(new HeapDiff({ force: true }).end().after.nodes > 10000)
    const diff = await HeapDiff.start({ force: true })
    assert.throws(() => diff.end({ force: false }), refusal)
    assert.ok(diff.end().after.nodes > 10000)
    for (const wrong of [{ force: 1 }, { fource: true }, 'by force']) assert.throws(() => new HeapDiff(wrong), { code: /^ERR_TIDEMARK_(UNKNOWN_)?OPTION$/ })
  })
})
