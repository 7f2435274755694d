'use strict'

const assert = require('node:assert/strict')
const { describe, it } = require('node:test')
const { OwnGrowth } = require('../lib/evidence/own-growth')

const MB = 1048576

/** A full GC every 3 s from the begin on, with the level that `levelAt` says. */
function watched (levelAt, seconds, channel = 'heap') {
  const own = new OwnGrowth()
  own.begin(0)
  for (let s = 0; s <= seconds; s += 3) own.note(s * 1000, { fullGcs: s, levels: { [channel]: levelAt(s) } })
  return own
}

const claim = (overrides) => ({ channel: 'heap', growth: 3 * MB, growthRate: MB / 20, startMs: 0, ...overrides })

describe('what evidence itself adds to the heap', () => {
  it('is no leak: the heap does not go on rising after the step', () => {
    const own = watched((s) => 10 * MB + (s > 2 ? 2 * MB : 0) + (s % 2) * 50000, 60)
    assert.equal(own.goesOn(claim()), false)
  })

  it('does not hide a leak, which goes on', () => {
    const own = watched((s) => 10 * MB + (s > 2 ? 2 * MB : 0) + s * MB / 20 + (s % 2) * 200000, 60)
    assert.equal(own.goesOn(claim()), true)
  })

  it('leaves the question open while too little was seen', () => {
    assert.equal(watched((s) => s * MB, 18).goesOn(claim()), undefined)
  })

  it('counts each full GC once, however often it is told', () => {
    const own = new OwnGrowth()
    own.begin(0)
    for (let s = 10; s < 100; s += 2) own.note(s * 1000, { fullGcs: 7, levels: { heap: s * MB } })
    assert.equal(own.goesOn(claim()), undefined)
  })

  it('is no leak of native memory, where the step takes longer', () => {
    const native = claim({ channel: 'native', growth: 20 * MB, growthRate: MB / 3 })
    const step = (s) => 50 * MB + Math.min(s, 25) * MB / 2
    assert.equal(watched(step, 50, 'native').goesOn(native), undefined)
    assert.equal(watched(step, 90, 'native').goesOn(native), false)
    assert.equal(watched((s) => step(s) + s * MB / 3, 90, 'native').goesOn(native), true)
  })

  it('explains only small claims, whose window holds the step', () => {
    const own = new OwnGrowth()
    own.begin(60000)
    assert.equal(own.mayExplain(claim(), 62000, 62000), true)
    assert.equal(own.mayExplain(claim({ channel: 'external' }), 62000, 62000), false)
    assert.equal(own.mayExplain(claim({ growth: 50 * MB }), 62000, 62000), false)
    assert.equal(own.mayExplain(claim({ channel: 'native', growth: 27 * MB }), 62000, 62000), true)
    assert.equal(own.mayExplain(claim({ channel: 'native', growth: 40 * MB }), 62000, 62000), false)
    assert.equal(own.mayExplain(claim({ startMs: 75000 }), 120000, 120000), false)
  })
})
