'use strict'

const { performance } = require('node:perf_hooks')
const { heapMb } = require('./pauses')

/** Busier than this and a collection would delay requests; V8 collects often enough then by itself. */
const IDLE_UTILIZATION = 0.75
/** The pauses of the collections that were asked for may take this share of the time. */
const BUDGET = 0.01
/** An event loop that is never idle has waited long enough: the collection is incremental. */
const BUSY_FOR_MS = 30000
/** After this many collections for one suspicion the interval grows by this factor each time, because five are enough for a verdict. */
const BACK_OFF = 1.25
const OFTEN = 8
/** The longest interval, as a multiple of the first. */
const MOST = 60

/**
 * The pause at the end of an incremental full GC is a few milliseconds where all is marked by then. V8 also ends it while
 * its other threads still hold much of the heap, mostly where all hangs on one large container, and then marks the
 * rest in that pause. Measured with small objects on Node.js 20: the whole heap, at this pace.
 */
const FIXED_MS = 5
const MARK_MS_PER_MB = 0.6
/** What the last full GCs took counts where that was more. */
const LOOKED_AT = 16
const SLOWER = 'No full GC is asked for while the event loop is idle, so that leaks are judged later'

/**
 * Asks V8 for a full GC when the detector is suspicious and the event loop is idle, or has been
 * too busy for half a minute: one clean reading then is worth many noisy ones, and a small heap may
 * otherwise go for minutes without one.
 * The collection is incremental: small steps, one short pause at the end. Rate-limited by time, more
 * and more while nothing comes of it, and by what full GCs take in this process; not done where that
 * pause may be longer than is allowed; can be switched off.
 */
class IdleGc {
  #enabled
  #intervalMs
  #native
  #pauses
  #start
  #read
  #utilization
  #notBefore = 0
  #waits = 1
  #asked = 0
  /** Since when a collection is wanted and the event loop too busy. */
  #busySince = Infinity

  /**
   * @param {{idleGc: boolean, idleGcIntervalMs: number}} options
   * @param {{
   *   wantsGc (): boolean,
   *   status (): {gc: {major: {count: number, durationMs: number}}},
   *   history (): {samples: {forced: boolean, durationMs: number}[]}
   * }} native
   * @param {InstanceType<typeof import('./pauses').Pauses>} pauses
   * @param {() => void} start asks V8 for the collection
   * @param {typeof performance.eventLoopUtilization} [read]
   */
  constructor (options, native, pauses, start, read = performance.eventLoopUtilization) {
    this.#enabled = options.idleGc
    this.#intervalMs = options.idleGcIntervalMs
    this.#native = native
    this.#pauses = pauses
    this.#start = start
    this.#read = read
    this.#utilization = read()
  }

  /**
   * Called at every tick.
   * @param {number} now milliseconds, monotonic
   * @param {boolean} [doubted] whether a leak waits until more full GCs were seen
   */
  consider (now, doubted = false) {
    if (!this.#enabled) return
    const utilization = this.#read()
    const { utilization: sinceLast } = this.#read(utilization, this.#utilization)
    this.#utilization = utilization
    if (now < this.#notBefore) return
    if (!this.#native.wantsGc() && !doubted) {
      this.#waits = 1
      this.#asked = 0
      this.#busySince = Infinity
      return
    }
    this.#busySince = Math.min(this.#busySince, now)
    if (sinceLast > IDLE_UTILIZATION && now - this.#busySince < BUSY_FOR_MS) return
    this.#busySince = Infinity
    this.#ask(now)
  }

  /**
   * Evidence wants one.
   * @param {number} now milliseconds, monotonic
   * @returns {boolean} whether one was asked for
   */
  collect (now) {
    return this.#enabled && this.#ask(now)
  }

  #ask (now) {
    const { count, durationMs } = this.#native.status().gc.major
    const meanMs = count > 0 ? durationMs / count : 0
    this.#notBefore = now + Math.max(this.#intervalMs * this.#waits, meanMs / BUDGET)
    if (!this.#pauses.allow(SLOWER, expectedMs(this.#native.history().samples))) return false
    if (++this.#asked > OFTEN) this.#waits = Math.min(this.#waits * BACK_OFF, MOST)
    this.#start()
    return true
  }
}

/**
 * What the end of an incremental full GC takes at the worst. That it mostly takes less does not help: it is the longest
 * pause that an app notices.
 * @param {{forced: boolean, durationMs: number}[]} fullGcs oldest first; what somebody waited for
 *   was done in one piece and tells nothing
 */
function expectedMs (fullGcs) {
  const seen = fullGcs.filter(({ forced }) => !forced).slice(-LOOKED_AT)
  return Math.max(FIXED_MS + MARK_MS_PER_MB * heapMb(), ...seen.map(({ durationMs }) => durationMs))
}

module.exports = { IdleGc }
