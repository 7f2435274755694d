'use strict'

const { performance } = require('node:perf_hooks')

/** Busier than this and a collection would delay requests; V8 collects often enough then by itself. */
const IDLE_UTILIZATION = 0.75
/** The pauses of the collections that were asked for may take this share of the time. */
const BUDGET = 0.01
/** An event loop that is never idle has waited long enough: the collection is incremental. */
const BUSY_FOR_MS = 30000
/** A suspicion that goes on is asked about more and more seldom, by this factor, after this many: five make a verdict. */
const BACK_OFF = 1.25
const OFTEN = 8
/** At the most so many times the interval. */
const MOST = 60

/**
 * Asks V8 for a full GC when the detector is suspicious and the event loop is idle, or has been
 * too busy for half a minute: one clean reading then is worth many noisy ones, and a small heap may
 * otherwise go for minutes without one.
 * The collection is incremental: small steps, one short pause at the end. Rate-limited by time, more
 * and more while nothing comes of it, and by what full GCs take in this process; can be switched off.
 */
class IdleGc {
  #enabled
  #intervalMs
  #collect
  #read
  #utilization
  #notBefore = 0
  #waits = 1
  #asked = 0
  /** Since when a collection is wanted and the event loop too busy. */
  #busySince = Infinity

  /**
   * @param {{idleGc: boolean, idleGcIntervalMs: number}} options
   * @param {() => void} collect
   * @param {typeof performance.eventLoopUtilization} [read]
   */
  constructor (options, collect, read = performance.eventLoopUtilization) {
    this.#enabled = options.idleGc
    this.#intervalMs = options.idleGcIntervalMs
    this.#collect = collect
    this.#read = read
    this.#utilization = read()
  }

  /**
   * Called at every tick.
   * @param {{wantsGc (): boolean, status (): {gc: {major: {count: number, durationMs: number}}}}} native
   * @param {number} now milliseconds, monotonic
   * @param {boolean} [doubted] whether a leak waits until more full GCs were seen
   */
  consider (native, now, doubted = false) {
    if (!this.#enabled) return
    const utilization = this.#read()
    const { utilization: sinceLast } = this.#read(utilization, this.#utilization)
    this.#utilization = utilization
    if (now < this.#notBefore) return
    if (!native.wantsGc() && !doubted) {
      this.#waits = 1
      this.#asked = 0
      this.#busySince = Infinity
      return
    }
    this.#busySince = Math.min(this.#busySince, now)
    if (sinceLast > IDLE_UTILIZATION && now - this.#busySince < BUSY_FOR_MS) return
    this.#busySince = Infinity
    const { count, durationMs } = native.status().gc.major
    const meanMs = count > 0 ? durationMs / count : 0
    this.#notBefore = now + Math.max(this.#intervalMs * this.#waits, meanMs / BUDGET)
    if (++this.#asked > OFTEN) this.#waits = Math.min(this.#waits * BACK_OFF, MOST)
    this.#collect()
  }
}

module.exports = { IdleGc }
