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
  /** Those that wait to become one. */
  #pending = new Several()

  /** @param {Reading} reading */
  push (reading) {
    this.#newest.push(reading)
    if (this.#newest.length <= NEWEST) return
    this.#pending.add(/** @type {Reading} */ (this.#newest.shift()))
    if (this.#pending.count < this.#stride) return
    this.#older.push(...this.#pending.asOne())
    this.#pending = new Several()
    if (this.#older.length < OLDER) return
    this.#stride *= 2
    this.#older = this.#older.flatMap((reading, at, all) => at % 2 === 0 ? new Several().add(reading).add(all[at + 1]).asOne() : [])
  }

  /** Oldest first. @returns {Reading[]} */
  all () {
    return [...this.#older, ...this.#pending.asOne(), ...this.#newest]
  }

  clear () {
    Object.assign(this.#newest, { length: 0 })
    this.#older = []
    this.#pending = new Several()
    this.#stride = 1
  }
}

/** Readings that become one, without keeping them: what was last; of requests the mean, of latencies the worst. */
class Several {
  count = 0
  /** @type {Reading | undefined} */
  #last
  #requests = 0
  /** How many knew their requests. */
  #known = 0
  /** @type {number | null} */
  #p99Ms = null

  /** @param {Reading} reading */
  add (reading) {
    const { requests, p99Ms } = reading
    this.count++
    this.#last = reading
    if (requests !== null) {
      this.#requests += requests
      this.#known++
    }
    if (p99Ms !== null) this.#p99Ms = Math.max(this.#p99Ms ?? 0, p99Ms)
    return this
  }

  /** @returns {Reading[]} one, or none where there were none */
  asOne () {
    if (this.#last === undefined) return []
    return [{ ...this.#last, requests: this.#known === 0 ? null : this.#requests / this.#known, p99Ms: this.#p99Ms }]
  }
}

module.exports = { Timeline, NEWEST, OLDER }
