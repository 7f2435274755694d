'use strict'

const assert = require('node:assert/strict')
const { setTimeout: sleep } = require('node:timers/promises')
const { test } = require('node:test')
const { IdleGc } = require('../lib/idle-gc')

function setup ({ wantsGc = true, meanMs = 10, ...options } = {}) {
  let collected = 0
  const native = { wantsGc: () => wantsGc, status: () => ({ gc: { major: { count: 4, durationMs: 4 * meanMs } } }) }
  const idleGc = new IdleGc({ idleGc: true, idleGcIntervalMs: 60000, ...options }, () => { collected++ })
  return { consider: (now) => idleGc.consider(native, now), collected: () => collected }
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

test('without a suspicion, or switched off, nothing is asked for', async () => {
  const steady = setup({ wantsGc: false })
  const off = setup({ idleGc: false })
  await idle()
  steady.consider(1000)
  off.consider(1000)
  assert.equal(steady.collected(), 0)
  assert.equal(off.collected(), 0)
})
