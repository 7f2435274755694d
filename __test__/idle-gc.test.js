'use strict'

const assert = require('node:assert/strict')
const { performance } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')
const { test } = require('node:test')
const { IdleGc } = require('../lib/idle-gc')
const { Pauses } = require('../lib/pauses')

function setup ({ wantsGc = true, meanMs = 10, utilization = idle, samples = [], maxPauseMs = 10000, ...options } = {}) {
  let collected = 0
  let wants = wantsGc
  const native = { wantsGc: () => wants, status: () => ({ gc: { major: { count: 4, durationMs: 4 * meanMs } } }), history: () => ({ samples }) }
  const pauses = new Pauses(maxPauseMs)
  const idleGc = new IdleGc({ idleGc: true, idleGcIntervalMs: 60000, ...options }, native, pauses, () => { collected++ }, utilization)
  return { pauses, idleGc, consider: (now, doubted) => idleGc.consider(now, doubted), collected: () => collected, calm: (is) => { wants = !is } }
}

const idle = () => ({ utilization: 0.1 })

test('a suspicion at an idle moment asks for one collection, and not again within the interval', () => {
  const { consider, collected } = setup()
  consider(1000)
  assert.equal(collected(), 1)
  consider(60999)
  assert.equal(collected(), 1)
  consider(61001)
  assert.equal(collected(), 2)
})

test('a leak that is doubted until more was seen is a reason too', () => {
  const { consider, collected } = setup({ wantsGc: false })
  consider(1000)
  assert.equal(collected(), 0)
  consider(1000, true)
  assert.equal(collected(), 1)
})

test('a suspicion that goes on is asked about more and more seldom, a new one at once again', () => {
  const { consider, collected, calm } = setup({ idleGcIntervalMs: 1000 })
  const asked = []
  for (let now = 0; now < 3600000; now += 500) {
    const before = collected()
    consider(now)
    if (collected() > before) asked.push(now)
  }
  const gaps = asked.slice(1).map((at, i) => at - asked[i])
  assert.ok(gaps[0] < 2000, String(gaps))
  assert.ok(gaps.at(-1) >= 60000 && gaps.at(-1) < 62000, String(gaps))
  calm(true)
  consider(3700000)
  calm(false)
  consider(3700500)
  consider(3701600)
  consider(3702900)
  assert.equal(collected(), asked.length + 3)
})

test('collections that take long are asked for more seldom: at most 1 % of the time', () => {
  const { consider, collected } = setup({ meanMs: 2000 })
  consider(1000)
  consider(61001)
  assert.equal(collected(), 1)
  consider(201001)
  assert.equal(collected(), 2)
})

test('a busy event loop is left alone', async () => {
  // The clock of the event loop starts with its first turn.
  await sleep(1)
  const { consider, collected } = setup({ utilization: (now, before) => performance.eventLoopUtilization(now, before) })
  const end = Date.now() + 50
  while (Date.now() < end);
  consider(1000)
  assert.equal(collected(), 0)
})

test('without a suspicion, or switched off, nothing is asked for', () => {
  const steady = setup({ wantsGc: false })
  const off = setup({ idleGc: false })
  steady.consider(1000)
  off.consider(1000)
  assert.equal(steady.collected(), 0)
  assert.equal(off.collected(), 0)
})

const fullGcs = (count, durationMs, more) => Array.from({ length: count }, () => ({ forced: false, durationMs, ...more }))

test('what may stop the event loop for longer than is allowed is not asked for, and that is said', () => {
  const slow = setup({ maxPauseMs: 50, samples: fullGcs(8, 80) })
  slow.consider(1000)
  assert.equal(slow.collected(), 0)
  assert.match(slow.pauses.problems.join(), /^No full GC is asked for while the event loop is idle.*about 80 ms, and `maxPauseMs` is 50\.$/)
  assert.equal(slow.idleGc.collect(1000), false)

  const fast = setup({ maxPauseMs: 50, samples: [...fullGcs(8, 4), ...fullGcs(3, 900, { forced: true })] })
  fast.consider(1000)
  assert.equal(fast.collected(), 1)
  assert.deepEqual(fast.pauses.problems, [])
})

test('the worst is expected of a large heap, however short its full GCs were', () => {
  const large = setup({ maxPauseMs: 6, samples: fullGcs(16, 1) })
  large.consider(1000)
  assert.equal(large.collected(), 0)
  assert.equal(large.pauses.problems.length, 1)
})
