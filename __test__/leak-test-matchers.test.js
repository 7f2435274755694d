'use strict'

// The matchers by themselves; leak-test-runners.test.js has them in Jest and Vitest.

const assert = require('node:assert/strict')
const path = require('node:path')
const { describe, test } = require('node:test')
const { toBeCollected, toLeak } = require('../lib/leak-test/matchers')
const { run } = require('../scripts/steps')

const MATCHERS = JSON.stringify(path.resolve(__dirname, '..', 'lib', 'leak-test', 'matchers.js'))

/** What a runner makes of it: `expect(received).not` fails where the matcher passes. */
async function passes (matcher, isNot, ...args) {
  const { pass, message } = await matcher.call({ isNot }, ...args)
  return { passes: pass !== isNot, message: message() }
}

/** It is certain without snapshots, on any machine. */
const QUICK = { explain: false, budget: 20000 }

describe('toLeak', () => {
  test('passes where it leaks, and its opposite where it is clean', async () => {
    const kept = []
    const gathers = () => { kept.push({}) }
    const clean = () => ({})
    assert.equal((await passes(toLeak, false, gathers, QUICK)).passes, true)
    const leaks = await passes(toLeak, true, gathers, QUICK)
    assert.equal(leaks.passes, false)
    assert.match(leaks.message, /^`gathers` grows by \d+ bytes a call/)
    assert.equal((await passes(toLeak, true, clean, QUICK)).passes, true)
    const isClean = await passes(toLeak, false, clean, QUICK)
    assert.equal(isClean.passes, false)
    assert.match(isClean.message, /^`clean` does not leak: /)
  })

  test('and its opposite both fail where it is undecided, and say why', async () => {
    const slow = () => { for (const endsAt = performance.now() + 150; performance.now() < endsAt;); }
    for (const isNot of [false, true]) {
      const undecided = await passes(toLeak, isNot, slow, { budget: 100 })
      assert.equal(undecided.passes, false)
      assert.match(undecided.message, /^Whether `slow` leaks is undecided: /)
    }
  })

  test('lets what the function throws come through', async () => {
    await assert.rejects(passes(toLeak, true, () => { throw new RangeError('mine') }), RangeError)
    await assert.rejects(passes(toLeak, true, 3), { code: 'ERR_TIDEMARK_OPTION' })
  })
})

test('toBeCollected passes where nobody holds the object, and tells who does', async () => {
  const held = new Set()
  const make = () => ({ a: 1 })
  const keep = () => {
    const made = new Map()
    held.add(made)
    return made
  }
  assert.equal((await passes(toBeCollected, false, make)).passes, true)
  const kept = await passes(toBeCollected, false, keep)
  assert.equal(kept.passes, false)
  assert.match(kept.message, /^`keep` gives an object that stays reachable: the Map is held by .*`held`/)
  assert.equal((await passes(toBeCollected, true, keep)).passes, true)
  assert.equal(held.size, 2)
})

test('as a setup file they register themselves, or say that it is too early', async () => {
  const program = (head) => ['-e', `${head}; try { require(${MATCHERS}) } catch ({ code }) { console.log(code) }`]
  const extend = "{ extend: (matchers) => console.log(Object.keys(matchers).join()) }"
  const said = await Promise.all([
    [program(`globalThis.expect = ${extend}`), {}],
    [program(`globalThis[Symbol.for('expect-global')] = ${extend}`), { VITEST: 'true' }],
    [program(''), { JEST_WORKER_ID: '1' }],
    [program('globalThis.expect = () => {}'), {}] // somebody else's, such as chai's
  ].map(([args, env]) => run(process.execPath, args, { env })))
  assert.deepEqual(said.map(({ stdout }) => stdout.trim()), ['toLeak,toBeCollected', 'toLeak,toBeCollected', 'ERR_TIDEMARK_MATCHERS', ''])
})
