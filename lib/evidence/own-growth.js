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

/** Milliseconds and full GCs that must be seen after the step. */
const SPAN_MS = 25000
const FEWEST = 5

/** Memory must go on rising with this share of the pace that was claimed. */
const PACE = 0.5

/** Of the normal distribution: an answer is wrong once in ten times. */
const Z = 1.28

const MOST_ROWS = 256

/**
 * Keeps the evidence from being its own evidence. The sources' own memory is a step of a few MB in the
 * very series that is judged; a small claim whose window holds that step counts only if memory goes on
 * rising after it.
 */
class OwnGrowth {
  #begunAt = Infinity
  /** @type {number | null} */
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

  /**
   * Whether the channel went on rising since; undefined while too little was seen, or what was seen is too uneven to say.
   * @param {{channel: string, growthRate?: number}} claim
   */
  goesOn ({ channel, growthRate }) {
    const rows = this.#rows[channel] ?? []
    if (rows.length < FEWEST || rows.at(-1).now - rows[0].now < SPAN_MS) return undefined
    const [low, high] = slopes(rows)
    const least = PACE * (growthRate ?? 0) / 1000
    return low >= least ? true : high < least ? false : undefined
  }

  #settledAt (channel) {
    return this.#begunAt + ADDED[channel].withinMs
  }
}

/**
 * The interval of the slope, in bytes per millisecond: of the slopes of all pairs, those that Kendall's variance leaves
 * around their median (Theil 1950, Sen 1968).
 */
function slopes (rows) {
  const all = []
  for (let j = 1; j < rows.length; j++) {
    for (let i = 0; i < j; i++) all.push((rows[j].level - rows[i].level) / (rows[j].now - rows[i].now))
  }
  all.sort((one, other) => one - other)
  const n = rows.length
  const aside = Z * Math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
  const at = (index) => all[Math.max(0, Math.min(all.length - 1, Math.round(index)))]
  return [at((all.length - 1 - aside) / 2), at((all.length - 1 + aside) / 2)]
}

module.exports = { OwnGrowth }
