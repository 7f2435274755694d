'use strict'

/**
 * The sequential test: from the memory after each round of calls it tells whether that grows with the calls.
 *
 * Each round makes as many calls as all before it together, so the calls double. What a leak adds doubles with
 * them; what a warm-up, a compiler or a cache with a cap adds does not, and neither does what the runner does
 * beside. So few rounds tell the two apart, whatever the size of a call. Pure: numbers in, a verdict out.
 *
 * The shape is LeakCanary's: repeat the scenario, look at the heap, stop when the growth stops.
 */

/** Rounds that must agree. */
const AGREEING = 3

/** Bytes a call that count as growth: an object of 16 bytes at every tenth call is more. */
const LEAST_BYTES = 1

/** Growth by fewer bytes a call counts only where snapshots show what grew. */
const UNSURE_BYTES = 4

/** Fewer calls in a round than this do not stand out of what V8 itself adds in a round, some hundred bytes. */
const FEWEST_CALLS = 1000

/** Growth a call that is less than this part of what it was is about to end: a cache that became full, a warm-up. */
const FADING = 0.6
/** The same of objects, which are counted. */
const FADING_OBJECTS = 0.8

/** Calls after which growth that has not faded is no cache that is being filled. */
const MANY_CALLS = 20000

/** Bytes that a test may add before it is judged by what was seen. */
const MUCH_GROWTH = 8 * 1024 * 1024

/**
 * @typedef {{calls: number, bytes: number}} Round bytes: how much more was there after it than before it
 * @typedef {{calls: number, objects: number}} Gain objects: how many more were there; 0 where only bytes gathered
 */

class Rounds {
  /** @type {Round[]} */
  #rounds = []
  #level
  #noise

  /** @param {number} level bytes before the first call @param {number} [noise] bytes that a round may add without a leak */
  constructor (level, noise = 0) {
    this.#level = level
    this.#noise = noise
  }

  /** @param {number} calls @param {number} level bytes after them */
  add (calls, level) {
    this.#rounds.push({ calls, bytes: level - this.#level })
    this.#level = level
  }

  /** Bytes up to which a next round of so many calls is flat. @param {number} calls */
  flatUpTo (calls) {
    return calls >= FEWEST_CALLS ? this.#level + LEAST_BYTES * calls - 1 : -Infinity
  }

  get all () {
    return this.#rounds
  }

  get calls () {
    return this.#rounds.reduce((sum, { calls }) => sum + calls, 0)
  }

  /** Bytes a call in the rounds that must agree; null before there is one. */
  get bytesPerCall () {
    const last = this.#last()
    const calls = last.reduce((sum, round) => sum + round.calls, 0)
    return calls === 0 ? null : last.reduce((sum, { bytes }) => sum + bytes, 0) / calls
  }

  /** Nothing was added by many calls. */
  get isFlat () {
    const last = this.#last()
    return last.length === AGREEING && last.every(({ calls, bytes }) => calls >= FEWEST_CALLS && bytes < LEAST_BYTES * calls)
  }

  /** The last rounds had calls enough for growth to stand out that is in each of them. */
  get hasMany () {
    const last = this.#last()
    return last.length === AGREEING && last.every(({ calls }) => calls >= FEWEST_CALLS / 4) && (this.bytesPerCall ?? 0) >= UNSURE_BYTES
  }

  /** Each of the last rounds added something, and the growth has not faded. */
  get isSteady () {
    if (this.#last().some(({ bytes }) => bytes < this.#noise)) return false
    const slopes = this.#last().map(({ calls, bytes }) => bytes / calls)
    const now = slopes.at(-1) ?? 0
    return slopes.length === AGREEING && slopes.every((slope) => slope >= LEAST_BYTES && now >= slope * FADING)
  }

  /** Steady for longer than a cache takes to be filled. */
  get grows () {
    return this.isSteady && (this.calls >= MANY_CALLS || this.#grown() >= MUCH_GROWTH)
  }

  /** All rounds together added about so much a call, or more. @param {number} bytesPerCall */
  grewBy (bytesPerCall) {
    return this.#grown() >= FADING * bytesPerCall * this.calls
  }

  #last () {
    return this.#rounds.slice(-AGREEING)
  }

  #grown () {
    return this.#rounds.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}

/**
 * Whether fewer objects a call were added in the last round than in those before, as by a cache that became full in it. One
 * object more or less is chance.
 * @param {Gain[]} gains
 */
function isFading (gains) {
  const before = gains.slice(0, -1)
  const sum = (key) => before.reduce((all, gain) => all + gain[key], 0)
  const { calls, objects } = gains.at(-1) ?? { calls: 0, objects: 0 }
  return objects + 1 < FADING_OBJECTS * calls * sum('objects') / Math.max(1, sum('calls'))
}

module.exports = { AGREEING, FEWEST_CALLS, MUCH_GROWTH, Rounds, UNSURE_BYTES, isFading }
