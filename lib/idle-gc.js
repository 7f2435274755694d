'use strict'

const { performance } = require('node:perf_hooks')

/** Busier than this and a collection would delay requests. */
const IDLE_UTILIZATION = 0.5
/** Full collections asked for may take this share of the time. */
const BUDGET = 0.01

/**
 * Asks V8 for a full GC when the detector is suspicious and the event loop is idle: one clean
 * reading then is worth many noisy ones. The collection is incremental: small steps, one short
 * pause at the end. Rate-limited by time and by what full GCs take in this process; can be switched
 * off.
 */
class IdleGc {
  #enabled
  #intervalMs
  #collect
  #utilization = performance.eventLoopUtilization()
  #notBefore = 0
  #asked = 0

  /**
   * @param {{idleGc: boolean, idleGcIntervalMs: number}} options
   * @param {() => void} collect
   */
  constructor (options, collect) {
    this.#enabled = options.idleGc
    this.#intervalMs = options.idleGcIntervalMs
    this.#collect = collect
  }

  /** How often it asked. */
  get asked () {
    return this.#asked
  }

  /**
   * Called at every tick.
   * @param {{wantsGc (): boolean, status (): {gc: {major: {count: number, durationMs: number}}}}} native
   * @param {number} now milliseconds, monotonic
   */
  consider (native, now) {
    if (!this.#enabled) return
    const utilization = performance.eventLoopUtilization()
    const { utilization: sinceLast } = performance.eventLoopUtilization(utilization, this.#utilization)
    this.#utilization = utilization
    if (now < this.#notBefore || sinceLast > IDLE_UTILIZATION || !native.wantsGc()) return
    const { count, durationMs } = native.status().gc.major
    const meanMs = count > 0 ? durationMs / count : 0
    this.#notBefore = now + Math.max(this.#intervalMs, meanMs / BUDGET)
    this.#asked++
    this.#collect()
  }
}

module.exports = { IdleGc }
