'use strict'

const { performance } = require('node:perf_hooks')
const { setInterval, clearInterval } = require('node:timers')
const { Correlation } = require('./correlation')
const { statsLine } = require('./line')

/** Windows of an interval; each is one point of the correlation. */
const WINDOWS = 6

/** @typedef {{at: number, gcMs: number, requests: number, errors: number, aborted: number, inFlight: number, totalMs: number, counts: Float64Array}} Mark where the traffic stands */

/**
 * Sums up the traffic of each interval and writes it to the logger, from a timer that a request sets
 * going and that stops after an interval without requests. So a burst that ends is reported, no
 * request waits for a log line, an idle service says nothing, and nothing is held or kept alive by
 * an app that is no longer used.
 */
class Reporter {
  #monitor
  #traffic
  #write
  #intervalMs
  #correlation = new Correlation()
  /** @type {NodeJS.Timeout | null} */
  #timer = null
  #windows = 0
  /** Where the traffic stood when the window and the interval began. */
  #window = { requests: 0, totalMs: 0 }
  /** @type {Mark | null} */
  #interval = null
  /** The counts of latencies when the interval before that began. */
  #earlier

  /**
   * @param {object} monitor
   * @param {InstanceType<typeof import('./traffic').Traffic>} traffic
   * @param {number} intervalMs
   * @param {(stats: object, line: string) => void} [write]
   */
  constructor (monitor, traffic, intervalMs, write) {
    this.#monitor = monitor
    this.#traffic = traffic
    this.#intervalMs = intervalMs
    this.#write = write
  }

  /** -1 to 1, or null; see Correlation. */
  get latencyMemoryCorrelation () {
    return this.#correlation.coefficient()
  }

  /** Of this interval and the one before it. */
  latency () {
    return this.#latencySince(this.#earlier)
  }

  /** Called for every request. */
  wake () {
    if (this.#timer !== null) return
    this.#traffic.wake()
    this.#windows = 0
    const now = this.#mark(this.#monitor.status())
    this.#interval = now
    this.#window = now
    this.#timer = setInterval(() => this.#tick(), Math.max(1, this.#intervalMs / WINDOWS)).unref()
  }

  #tick () {
    const status = this.#monitor.status()
    this.#closeWindow(status)
    if (++this.#windows < WINDOWS) return
    this.#windows = 0
    const [before, now] = [this.#interval, this.#mark(status)]
    if (before === null || (now.requests === before.requests && now.aborted === before.aborted && now.inFlight === 0)) {
      if (this.#timer !== null) clearInterval(this.#timer)
      this.#timer = null
      this.#traffic.rest()
      return
    }
    const stats = status.running ? this.#sumUp(status, before, now) : null
    this.#earlier = before.counts
    this.#interval = now
    if (stats !== null) this.#write?.(stats, statsLine(stats))
  }

  /** @returns {{p50Ms: number | null, p99Ms: number | null}} */
  #latencySince (counts) {
    const [p50Ms, p99Ms] = this.#traffic.latency.quantiles([0.5, 0.99], counts)
    return { p50Ms, p99Ms }
  }

  #closeWindow (status) {
    const { requests, totalMs } = this.#traffic
    const served = requests - this.#window.requests
    const level = status.channels.heap?.level
    if (served > 0 && level !== undefined) {
      this.#correlation.push((totalMs - this.#window.totalMs) / served, level)
    }
    this.#window = { requests, totalMs }
  }

  /** @returns {Mark} */
  #mark (status) {
    const { requests, errors, aborted, inFlight, totalMs, latency } = this.#traffic
    return {
      at: performance.now(),
      gcMs: status.gc?.durationMs ?? 0,
      requests,
      errors,
      aborted,
      inFlight,
      totalMs,
      counts: latency.counts.slice()
    }
  }

  /** @param {Record<string, any>} status @param {Mark} before @param {Mark} now */
  #sumUp (status, before, now) {
    const intervalMs = now.at - before.at
    const channel = Object.keys(status.channels).find((name) => status.channels[name].state === status.state) ?? 'heap'
    return {
      intervalMs,
      state: status.state,
      channel,
      heapAfterGc: status.channels.heap?.level ?? null,
      growthRate: status.channels[channel]?.growthRate ?? null,
      requests: now.requests - before.requests,
      errors: now.errors - before.errors,
      aborted: now.aborted - before.aborted,
      inFlight: now.inFlight,
      ...this.#latencySince(before.counts),
      // A monitor that was started anew counts from 0.
      gcShare: Math.min(1, (now.gcMs < before.gcMs ? now.gcMs : now.gcMs - before.gcMs) / intervalMs),
      latencyMemoryCorrelation: this.latencyMemoryCorrelation
    }
  }
}

module.exports = { Reporter }
