'use strict'

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { test, before } = require('node:test')
const { result } = require('./helpers/child')

let heard

before(async () => {
  heard = await result('memwatch-program.js')
})

test('the module is an EventEmitter with gc()', () => {
  const tidemark = require('..')
  assert.ok(tidemark instanceof EventEmitter)
  assert.equal(typeof tidemark.gc, 'function')
})

test("each gc() is followed by one 'stats', and returns undefined", () => {
  // V8 may have collected on its own in between: then there is one more.
  assert.ok(heard.stats.length >= 13)
  assert.deepEqual(heard.stats.map(({ stats }) => stats.num_full_gc), heard.stats.map((_, i) => i + 1))
  assert.equal(heard.returned, true)
})

test("5 consecutive growths are a 'leak', the first collection counts, and the run starts again", () => {
  assert.equal(heard.leaks.length, 2)
})

test("the 'leak' payload is memwatch's", () => {
  for (const { start, end, growth, reason } of heard.leaks) {
    assert.ok(Date.parse(end) > Date.parse(start))
    assert.ok(growth > 5e6, String(growth))
    assert.match(reason, /^heap growth over 5 consecutive GCs \(\d+s\) - \d+\.\d\d mb\/hr$|^heap growth over 5 consecutive GCs \(0s\)( - \d+\.\d\d mb\/hr)?$/)
  }
})

test("'leak' comes before the 'stats' of the same collection", () => {
  const first = heard.stats.findIndex(({ leaksBefore }) => leaksBefore > 0)
  assert.equal(first, 4)
})

test("the classic 'stats' fields hold together", () => {
  const last = heard.stats.at(-1).stats
  // memwatch keeps the first two collections out of min and max: start-up.
  for (const { stats } of heard.stats.slice(0, 2)) assert.deepEqual([stats.min, stats.max], [0, 0])
  assert.equal(last.min, heard.stats[2].stats.current_base)
  assert.equal(last.max, last.current_base)
  assert.ok(last.min < last.max)
  // Before the 10th full GC there is no trend, from then on a rising heap shows as a positive one.
  for (const { stats } of heard.stats.slice(0, 9)) assert.equal(stats.usage_trend, 0)
  assert.ok(last.usage_trend > 0 && last.usage_trend < 1000)
  assert.ok(last.estimated_base > last.min && last.estimated_base <= last.max)
})

test("the fields of @airbnb/node-memwatch's 'stats' are there, in its units", () => {
  const [{ stats: first }, { stats: second }] = heard.stats
  for (const name of [
    'gc_ts', 'gcScavengeCount', 'gcScavengeTime', 'gcMarkSweepCompactCount', 'gcMarkSweepCompactTime',
    'gcIncrementalMarkingCount', 'gcIncrementalMarkingTime', 'gcProcessWeakCallbacksCount', 'gcProcessWeakCallbacksTime',
    'total_heap_size', 'total_heap_size_executable', 'total_physical_size', 'total_available_size', 'used_heap_size',
    'heap_size_limit', 'malloced_memory', 'peak_malloced_memory', 'gc_time'
  ]) {
    assert.equal(typeof first[name], 'number', name)
  }
  assert.ok(Math.abs(first.gc_ts / 1000 - Date.now()) < 600000, 'microseconds since 1970')
  assert.ok(second.gcMarkSweepCompactCount > first.gcMarkSweepCompactCount)
  assert.ok(second.gc_time > 1000, 'nanoseconds')
})
