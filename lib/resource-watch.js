'use strict'

const { performance } = require('node:perf_hooks')
const { countOpenFiles } = require('./open-files')

/** A look may take this share of the time: one that took 1 ms is repeated after a second. */
const BUDGET = 0.001

/** @returns {Record<string, number>} by type: what keeps the event loop busy, such as sockets, servers, timers; and open files */
function countResources () {
  const counts = Object.create(null)
  for (const type of process.getActiveResourcesInfo?.() ?? []) counts[type] = (counts[type] ?? 0) + 1
  const files = countOpenFiles(counts)
  if (files !== undefined) counts.OpenFile = files
  return counts
}

/** Fewer handles than this are no leak of any kind, so what they are matters little. */
const FEW = 50

/** @returns {number} connections that clients opened: as many as the load wants. Node.js has it documented as deprecated, not as gone */
function countAccepted () {
  // An app with so many handles has loaded it.
  const { Server } = require('node:net')
  let accepted = 0
  /* oxlint-disable no-underscore-dangle -- there is no other way to the servers of an app */
  for (const handle of process._getActiveHandles?.() ?? []) {
    if (handle instanceof Server) accepted += handle._connections ?? 0
  }
  /* oxlint-enable no-underscore-dangle */
  return accepted
}

/**
 * Counts what an app opens and has to close. The list costs as much as it is long, so the next look waits in
 * proportion to what the last one took.
 */
class ResourceWatch {
  /** @type {Record<string, number>} by type, at the last look */
  counts = {}
  #total
  #notBefore = 0

  /**
   * @param {number} now milliseconds, monotonic
   * @returns {number | undefined} how many there are, or were at the last look, without the connections of clients
   */
  look (now) {
    if (typeof process.getActiveResourcesInfo !== 'function') return undefined
    if (now >= this.#notBefore) {
      this.counts = countResources()
      const all = Object.values(this.counts).reduce((sum, count) => sum + count, 0)
      this.#total = all < FEW ? all : Math.max(0, all - countAccepted())
      this.#notBefore = now + (performance.now() - now) / BUDGET
    }
    return this.#total
  }
}

module.exports = { ResourceWatch, countResources }
