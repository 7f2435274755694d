'use strict'

const { performance } = require('node:perf_hooks')
const { lazily } = require('./spare-descriptor')

// The first look comes a turn after the start.
const openFiles = lazily(() => require('./open-files'))
const threads = lazily(() => require('./threads'))

/** A look may take this share of the time: one that took 1 ms is repeated after a second. */
const BUDGET = 0.001

/** @returns {Record<string, number>} by type: what keeps the event loop busy, such as sockets, servers, timers; open files and threads */
function countResources () {
  const counts = Object.create(null)
  for (const type of process.getActiveResourcesInfo?.() ?? []) counts[type] = (counts[type] ?? 0) + 1
  const files = openFiles().countOpenFiles(counts)
  if (files !== undefined) counts.OpenFile = files
  const others = threads().countThreads()
  if (others !== undefined) counts.Thread = others
  return counts
}

/**
 * Counts what an app opens and has to close. The list costs as much as it is long, so the next look waits in
 * proportion to what the last one took.
 */
class ResourceWatch {
  /** @type {Record<string, number>} by type, at the last look */
  counts = {}
  #notBefore = 0

  /**
   * @param {number} now milliseconds, monotonic
   * @param {number} connections that clients opened: they are load
   * @returns {number | undefined} how many there are without the connections of clients; undefined where they were not counted
   */
  look (now, connections) {
    if (typeof process.getActiveResourcesInfo !== 'function' || now < this.#notBefore) return undefined
    this.counts = countResources()
    const all = Object.values(this.counts).reduce((sum, count) => sum + count, 0)
    this.#notBefore = now + (performance.now() - now) / BUDGET
    return Math.max(0, all - connections)
  }
}

module.exports = { ResourceWatch, countResources }
