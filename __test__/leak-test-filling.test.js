'use strict'

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')

// The clock is the function's: a call takes a millisecond and nothing else takes time, so that the same calls are made on
// each machine, however busy it is.
let clock = 0
require('../lib/leak-test/own').now = () => clock
const binding = require('../lib/binding').loadBinding()
const { isFading } = require('../lib/leak-test/rounds')
const { Snapshots } = require('../lib/leak-test/snapshots')
const { testForLeak } = require('../lib/leak-test/test')

const BUDGET = 5000
/** Calls of a round, the most; and before the first snapshot. */
const ROUND = BUDGET * 0.1
const BEFORE = 512 + ROUND
const SNAPSHOTS = BEFORE + 2 * ROUND
/** Calls until it is no longer watched. */
const WATCHED = BUDGET * 0.7

/**
 * @param {number} cap of a Set to which each call adds an object
 * @param {{deadline?: number, from?: number}} [how] from: the call that adds the first
 */
function filling (cap, { deadline = Infinity, from = 0 } = {}) {
  clock = 0
  let count = 0
  const places = new Set()
  const fill = () => {
    if (clock++ >= from && places.size < cap) places.add({ count: count++ })
  }
  return testForLeak(binding, fill, { budget: BUDGET, deadline, explain: true, ignore: [] })
}

describe('a cache that is not full when the rounds begin that count objects', () => {
  test('is clean where it becomes full in them, or soon after', async () => {
    for (const cap of [SNAPSHOTS - ROUND / 2, SNAPSHOTS + 20]) {
      const { verdict, message } = await filling(cap)
      assert.equal(verdict, 'clean', `${cap}: ${message}`)
    }
  })

  test('is undecided where it becomes full in the last round', async () => {
    const { verdict, message } = await filling((SNAPSHOTS + WATCHED) / 2)
    assert.equal(verdict, 'undecided', message)
    assert.match(message, /^undecided: grows by 1 Object .* Set `places` .*; in the last round it was less than before, as of a cache that becomes full\n/)
    assert.match(message, /\n {2}next: a budget of \d+/)
  })

  test('is undecided where the time suffices for no more than two rounds', async () => {
    const faded = await filling(SNAPSHOTS - ROUND / 2, { deadline: SNAPSHOTS })
    assert.equal(faded.verdict, 'undecided', faded.message)
    assert.match(faded.message, /less than before/)
    // It began after the other rounds.
    const late = await filling(Infinity, { deadline: SNAPSHOTS, from: BEFORE })
    assert.equal(late.verdict, 'undecided', late.message)
    assert.match(late.message, /only two rounds of 500 calls showed it/)
  })
})

// A Set of numbers grows by its table alone, which became larger in both rounds, and is too large for a while.
test('a table that is twice as large in both rounds is watched for as many calls again, also on a machine that was busy', async () => {
  const budget = 12000
  const between = 2048 + 2 * budget * 0.1
  const test = async (cap) => {
    clock = 0
    const ports = new Set()
    const { verdict, calls } = await testForLeak(binding, () => {
      if (ports.size < cap) ports.add(ports.size)
      if (clock++ === between - 1) clock += budget
    }, { budget, deadline: Infinity, explain: true, ignore: [] })
    return { verdict, calls }
  }
  assert.deepEqual(await test(between - 100), { verdict: 'clean', calls: 2 * between })
  assert.deepEqual(await test(Infinity), { verdict: 'leaks', calls: 2 * between })
})

describe('a leak of a slow function', () => {
  test('is told where three rounds show it', async () => {
    const { verdict, message } = await filling(Infinity)
    assert.equal(verdict, 'leaks', message)
  })

  test('is told where what gathers has another name in the last round: V8 tells objects by their shapes', async (t) => {
    const { grown } = Snapshots.prototype
    t.mock.method(Snapshots.prototype, 'grown', async function (how) {
      const found = await grown.call(this, how)
      return how?.last === 2 ? found.map((each) => ({ ...each, class: 'Other', holder: 'Set of Other' })) : found
    })
    const { verdict, message } = await filling(Infinity)
    assert.equal(verdict, 'leaks', message)
  })

  test('is told where the time suffices for two, and memory grew in those before', async () => {
    const { verdict, message } = await filling(Infinity, { deadline: SNAPSHOTS })
    assert.equal(verdict, 'leaks', message)
  })
})

test('growth fades by a fifth, and not by chance or by one object of few', () => {
  const rounds = (...objects) => objects.map((each) => ({ calls: 100, objects: each }))
  assert.equal(isFading(rounds(100, 100)), false)
  assert.equal(isFading(rounds(100, 98, 85)), false)
  assert.equal(isFading(rounds(100, 100, 70)), true)
  assert.equal(isFading(rounds(100, 50)), true)
  assert.equal(isFading([{ calls: 4, objects: 4 }, { calls: 4, objects: 3 }]), false)
  assert.equal(isFading(rounds(0, 0)), false, 'bytes alone')
})
