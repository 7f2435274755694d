'use strict'

const assert = require('node:assert/strict')
const { setTimeout: sleep } = require('node:timers/promises')
const { test } = require('node:test')
const { IdleGc } = require('../lib/idle-gc')

function setup ({ wantsGc = true, meanMs = 10, utilization, ...options } = {}) {
  let collected = 0
  let wants = wantsGc
  const native = { wantsGc: () => wants, status: () => ({ gc: { major: { count: 4, durationMs: 4 * meanMs } } }) }
  const idleGc = new IdleGc({ idleGc: true, idleGcIntervalMs: 60000, ...options }, () => { collected++ }, utilization)
  return { consider: (now, doubted) => idleGc.consider(native, now, doubted), collected: () => collected, calm: (is) => { wants = !is } }
}

/** So that the event loop was idle for most of the time since the last look. */
const idle = () => sleep(30)

test('a suspicion at an idle moment asks for one collection, and not again within the interval', async () => {
  const { consider, collected } = setup()
  await idle()
  consider(1000)
  assert.equal(collected(), 1)
  await idle()
  consider(60999)
  assert.equal(collected(), 1)
  await idle()
  consider(61001)
  assert.equal(collected(), 2)
})

test('a leak that is doubted until more was seen is a reason too', () => {
  const { consider, collected } = setup({ wantsGc: false, utilization: () => ({ utilization: 0.1 }) })
  consider(1000)
  assert.equal(collected(), 0)
  consider(1000, true)
  assert.equal(collected(), 1)
})

test('a suspicion that goes on is asked about more and more seldom, a new one at once again', () => {
  const { consider, collected, calm } = setup({ idleGcIntervalMs: 1000, utilization: () => ({ utilization: 0.1 }) })
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

test('collections that take long are asked for more seldom: at most 1 % of the time', async () => {
  const { consider, collected } = setup({ meanMs: 2000 })
  await idle()
  consider(1000)
  await idle()
  consider(61001)
  assert.equal(collected(), 1)
  await idle()
  consider(201001)
  assert.equal(collected(), 2)
})

test('a busy event loop is left alone', () => {
  const { consider, collected } = setup()
  const end = Date.now() + 50
  while (Date.now() < end);
  consider(1000)
  assert.equal(collected(), 0)
})

test('an event loop that is never idle has waited long enough after half a minute', () => {
  const { consider, collected } = setup({ idleGcIntervalMs: 1000, utilization: () => ({ utilization: 1 }) })
  for (let now = 0; now < 30000; now += 2000) consider(now)
  assert.equal(collected(), 0)
  consider(30000)
  assert.equal(collected(), 1)
  consider(32000)
  assert.equal(collected(), 1)
})

test('without a suspicion, or switched off, nothing is asked for', async () => {
  const steady = setup({ wantsGc: false })
  const off = setup({ idleGc: false })
  await idle()
  steady.consider(1000)
  off.consider(1000)
  assert.equal(steady.collected(), 0)
  assert.equal(off.collected(), 0)
})
