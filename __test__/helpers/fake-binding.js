'use strict'

/**
 * A binding without V8 behind it: records what it was asked, and says what a test wants it to say.
 */
function createFakeBinding (overrides = {}) {
  const made = []
  class FakeWatch {
    constructor (options, counter, wake) {
      Object.assign(this, { options, counter, wake, records: [], calls: [], interest: 0, closed: false })
      made.push(this)
    }

    installHook () { return overrides.hookProblem ?? null }
    nowMs () { return 97000 }
    listen (interest) { this.interest = interest }
    close () { this.closed = true }
    look (...args) { this.calls.push(['look', ...args]) }
    gc () { this.calls.push(['gc']) }
    heapLimitAsked () { return overrides.heapLimitAsked?.() ?? false }
    wantsGc () { return overrides.wantsGc ?? false }
    pushSample (sample) { this.calls.push(['pushSample', sample]) }
    history () { return { samples: [], coarse: [] } }
    status () {
      return { channels: overrides.channels ?? [], lost: overrides.lost ?? 0, failed: false, gc: { major: { count: 0, durationMs: 0 } } }
    }

    drain () {
      const records = this.records
      this.records = []
      return { records, dropped: overrides.dropped ?? 0 }
    }

    /** What the GC hook would have queued; JavaScript is woken at once. */
    tell (...records) {
      this.records.push(...records)
      this.wake()
    }
  }
  return { Watch: FakeWatch, collectGarbage: () => true, startIncrementalGc () {}, made, get last () { return made.at(-1) } }
}

/** A change of the verdict as the native side tells it. */
function leakRecord (overrides = {}) {
  const { status, run, event = 'leak' } = overrides
  return {
    atMs: 97000,
    change: { channel: status?.channel ?? 'heap', from: 'suspect', to: 'leaking', event },
    status: {
      channel: 'heap',
      state: 'leaking',
      level: 50e6,
      growth: 20 * 1048576,
      growthRate: 216201,
      growthRateLow: 200000,
      growthRateHigh: 240000,
      confidence: 0.97,
      startMs: 0,
      endMs: 97000,
      fullGcs: 12,
      timeToLimitMs: 3600000,
      limit: 'heap',
      ...status
    },
    run
  }
}

module.exports = { createFakeBinding, leakRecord }
