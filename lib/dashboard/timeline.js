'use strict'

/** How many of the newest readings are kept one by one. */
const NEWEST = 300
/** How many stand for everything before them. */
const OLDER = 400

/**
 * Readings of a timer in bounded memory: the newest as they were, and behind them the whole time since the start, at half
 * the resolution each time the room for it is full.
 * @typedef {{
 *   time: number,
 *   external: number,
 *   native: number | null,
 *   rss: number | null,
 *   requests: number | null,
 *   p99Ms: number | null
 * }} Reading
 */
class Timeline {
  /** @type {Reading[]} */
  #newest = []
  /** @type {Reading[]} */
  #older = []
  /** How many readings one of the older ones stands for. */
  #stride = 1
  /** Those that wait to become one. @type {Reading[]} */
  #pending = []

  /** @param {Reading} reading */
  push (reading) {
    this.#newest.push(reading)
    if (this.#newest.length <= NEWEST) return
    this.#pending.push(/** @type {Reading} */ (this.#newest.shift()))
    if (this.#pending.length < this.#stride) return
    this.#older.push(together(this.#pending))
    this.#pending = []
    if (this.#older.length < OLDER) return
    this.#stride *= 2
    this.#older = this.#older.flatMap((reading, at, all) => at % 2 === 0 ? [together(all.slice(at, at + 2))] : [])
  }

  /** Oldest first. @returns {Reading[]} */
  all () {
    return [...this.#older, ...this.#pending, ...this.#newest]
  }

  clear () {
    Object.assign(this.#newest, { length: 0 })
    this.#older = []
    this.#pending = []
    this.#stride = 1
  }
}

/** What was last; of requests the mean, of latencies the worst. */
function together (readings) {
  return {
    ...readings.at(-1),
    requests: mean(known(readings, 'requests')),
    p99Ms: known(readings, 'p99Ms').reduce((worst, each) => Math.max(worst ?? 0, each), null)
  }
}

function known (readings, name) {
  return readings.map((reading) => reading[name]).filter((value) => value !== null)
}

function mean (values) {
  return values.length === 0 ? null : values.reduce((sum, each) => sum + each, 0) / values.length
}

module.exports = { Timeline, NEWEST, OLDER }
