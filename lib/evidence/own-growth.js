'use strict'

/**
 * What the sources add, once, when they begin, and after how long they have added it.
 *
 * To the heap their code, and what V8 makes of functions that are looked into: measured in a small
 * Express app 2 MB on Node.js 20, 4.2 MB on 24. To native memory what V8 and its inspector keep outside
 * the heap, and what malloc does not give back after it: 12 to 16 MB on Node.js 20 to 24, within half a
 * minute.
 */
const ADDED = {
  heap: { bytes: 5 * 1048576, withinMs: 10000 },
  native: { bytes: 16 * 1048576, withinMs: 30000 }
}

/** So much must be seen of the time after it. */
const SPAN_MS = 25000
const FEWEST = 5

/** Memory must go on rising with this share of the pace that was claimed. */
const PACE = 0.5

const MOST_ROWS = 256

/**
 * Keeps the evidence from being its own evidence. The sources' own memory is a step of a few MB in the
 * very series that is judged; a small claim whose window holds that step counts only if memory goes on
 * rising after it.
 */
class OwnGrowth {
  #begunAt = Infinity
  #fullGcs = null
  /** Of each channel, what was left after the full GCs since its step. */
  #rows = {}

  /** The sources begin. @param {number} now milliseconds, monotonic */
  begin (now) {
    this.#begunAt = now
    this.#fullGcs = null
    for (const channel of Object.keys(ADDED)) this.#rows[channel] = []
  }

  /** @param {number} now @param {{fullGcs: number, levels: Record<string, number | undefined>}} sample */
  note (now, { fullGcs, levels }) {
    if (fullGcs === this.#fullGcs) return
    this.#fullGcs = fullGcs
    for (const [channel, rows] of Object.entries(this.#rows)) {
      if (levels[channel] === undefined || now < this.#settledAt(channel)) continue
      if (rows.length >= MOST_ROWS) this.#rows[channel] = rows.filter((_, i) => i % 2 === 0)
      this.#rows[channel].push({ now, level: levels[channel] })
    }
  }

  /**
   * Whether a claim could be our own doing.
   * @param {{channel: string, growth: number, startMs: number}} claim
   * @param {number} now
   * @param {number} nowMs the same moment on the clock of `startMs`
   */
  mayExplain (claim, now, nowMs) {
    return this.isSmall(claim) && now - this.#settledAt(claim.channel) < nowMs - claim.startMs
  }

  /** @param {{channel: string, growth: number}} claim */
  isSmall ({ channel, growth }) {
    return Object.hasOwn(ADDED, channel) && growth < 2 * ADDED[channel].bytes
  }

  /** Whether the channel went on rising since; undefined while too little was seen. */
  goesOn ({ channel, growthRate }) {
    const rows = this.#rows[channel] ?? []
    if (rows.length < FEWEST || rows.at(-1).now - rows[0].now < SPAN_MS) return undefined
    return slope(rows) * 1000 >= PACE * (growthRate ?? 0)
  }

  #settledAt (channel) {
    return this.#begunAt + ADDED[channel].withinMs
  }
}

/** The median of the slopes of all pairs, in bytes per millisecond (Theil 1950, Sen 1968). */
function slope (rows) {
  const slopes = []
  for (let j = 1; j < rows.length; j++) {
    for (let i = 0; i < j; i++) slopes.push((rows[j].level - rows[i].level) / (rows[j].now - rows[i].now))
  }
  slopes.sort((one, other) => one - other)
  return slopes[Math.floor(slopes.length / 2)]
}

module.exports = { OwnGrowth }
