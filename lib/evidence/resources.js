'use strict'

const { performance } = require('node:perf_hooks')
const { duration, grouped } = require('../format')
const { named } = require('../names')
const { crowdedFolder } = require('../open-files')
const { commonProgram } = require('./child-processes')

/** @typedef {import('./suspect').Finding} Finding */

const FEWEST_LOOKS = 3
/** Growth, in handles, below which it is normal fluctuation of a busy server. */
const LEAST_GROWTH = 10
/** The net growth, as a share of all changes, that must have stayed. */
const LEAST_MONOTONY = 0.6
/** Growth in handles, and as a share of the first count, at which the confidence is one half. */
const HALF_SURE = 20
const HALF_SURE_SHARE = 0.05
const MOST_TYPES = 64

/** Active resources (timers, sockets, servers, requests to the file system) that only get more. */
class ResourceEvidence {
  cost = { durationMs: 0 }
  problems = []
  #counts
  #running = false
  #startedAt = 0
  #now = 0
  /** The counts of the last look, to know whether there was another one since. */
  #last = null
  #looks = 0
  /** @type {Map<string, {start: number, now: number, moved: number}>} */
  #types = new Map()

  /** @param {(() => Record<string, number>) | undefined} counts active resources by type, at the last look */
  constructor (counts) {
    this.#counts = counts
  }

  start () {
    if (this.#running) return
    this.#running = true
    this.#startedAt = this.#now = performance.now()
    this.#last = null
    this.#looks = 0
    this.#types.clear()
    this.#look()
  }

  stop () {
    this.#running = false
    this.#types.clear()
  }

  /** @param {number} now milliseconds, monotonic */
  tick (now) {
    if (!this.#running) return
    const startedAt = performance.now()
    this.#now = now
    this.#look()
    this.cost.durationMs += performance.now() - startedAt
  }

  /** @returns {Promise<Finding[]>} */
  async findings () {
    if (!this.#running || this.#looks < FEWEST_LOOKS) return []
    return [...this.#types]
      .map(([type, { start, now, moved }]) => ({ type, start, now, growth: now - start, monotony: moved > 0 ? (now - start) / moved : 0 }))
      .filter(({ growth, monotony }) => growth >= LEAST_GROWTH && monotony >= LEAST_MONOTONY)
      .map((each) => this.#finding(each))
  }

  #look () {
    const counts = this.#counts()
    if (counts === this.#last) return
    const isFirst = this.#last === null || this.#looks === 0
    this.#last = counts
    if (Object.keys(counts).length === 0) return
    this.#looks++
    for (const type of new Set([...this.#types.keys(), ...Object.keys(counts)])) {
      const count = counts[type] ?? 0
      const seen = this.#types.get(type)
      if (seen !== undefined) {
        seen.moved += Math.abs(count - seen.now)
        seen.now = count
      } else if (this.#types.size < MOST_TYPES) {
        const start = isFirst ? count : 0
        this.#types.set(type, { start, now: count, moved: count - start })
      }
    }
  }

  /** @returns {Finding} */
  #finding ({ type, start, now, growth, monotony }) {
    const intervalMs = this.#now - this.#startedAt
    const description = `${type}: ${grouped(now)} active, ${grouped(growth)} more than ${duration(intervalMs)} ago${mostOf(type)}`
    return {
      kind: 'resources',
      key: type,
      description,
      bytes: null,
      growth: null,
      intervalMs: null,
      confidence: monotony * growth / (growth + HALF_SURE + HALF_SURE_SHARE * start),
      weight: 0.6,
      location: null,
      links: [`type:${type}`],
      evidence: [{ kind: 'resources', description, before: start, now, intervalMs: Math.round(intervalMs) }]
    }
  }
}

/** What most of one type are, where that is known: '; 1,020 of 1,135 files in /tmp/uploads'. */
function mostOf (type) {
  if (type === 'OpenFile') {
    const crowded = crowdedFolder()
    return crowded === undefined ? '' : `; ${grouped(crowded.count)} of ${grouped(crowded.of)} files in ${named(crowded.folder)}`
  }
  if (type === 'ProcessWrap') {
    const common = commonProgram()
    return common === undefined ? '' : `; ${grouped(common.count)} of ${grouped(common.of)} child processes run ${named(common.program)}`
  }
  return ''
}

module.exports = { ResourceEvidence }
