'use strict'

const { performance } = require('node:perf_hooks')

/** A look may take this share of the time: one that took 1 ms is repeated after a second. */
const BUDGET = 0.001

/**
 * Counts what keeps the event loop busy, by type: sockets, servers, timers, file handles. The list
 * costs as much as it is long, so the next look waits in proportion to what the last one took.
 */
class ResourceWatch {
  /** @type {Record<string, number>} by type, at the last look */
  counts = {}
  #total
  #notBefore = 0

  /**
   * @param {number} now milliseconds, monotonic
   * @returns {number | undefined} how many there are, or were at the last look
   */
  look (now) {
    if (typeof process.getActiveResourcesInfo !== 'function') return undefined
    if (now >= this.#notBefore) {
      const counts = Object.create(null)
      const types = process.getActiveResourcesInfo()
      for (const type of types) counts[type] = (counts[type] ?? 0) + 1
      this.counts = counts
      this.#total = types.length
      this.#notBefore = now + (performance.now() - now) / BUDGET
    }
    return this.#total
  }
}

module.exports = { ResourceWatch }
