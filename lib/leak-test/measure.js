'use strict'

const { Meter } = require('./meter')
const { now, wait } = require('./own')
const { FEWEST_CALLS, AGREEING, MUCH_GROWTH, Rounds } = require('./rounds')

/** Parts of the budget: calling in rounds ends with it, and one round takes at most so much. */
const CALLING = 0.4
const ROUND = 0.1
/** Part in which rounds have to decide where there is no time for snapshots. */
const ROUNDS_ALONE = 0.9
/** A function that is too slow for many calls is called for this part, so that it is warm, before snapshots count its objects. */
const WARMING = 0.12

/** A snapshot takes so many times as long as a reading: 9 to 16 times. */
const READINGS_OF_SNAPSHOT = 12

/** Snapshots that show what grows: where it is certain that something does, and where it has to grow twice. */
const SNAPSHOTS = { certain: 2, unsure: 3 }

/** The calls of the round that makes certain, as a part of those of the last one. */
const AGAIN = 1 / 4

/** Bytes that a round between two snapshots may add. */
const GROWTH_BETWEEN = 16 * 1024 * 1024

/** Milliseconds of a look at what happens without calls. */
const DRIFTING_MS = 20

/** Left open by this share of the calls in each of the first rounds is a leak. */
const LEFT_SHARE = 0.75

/**
 * One test. Calls in rounds decide where they can; where they leave doubt, or find growth that is to be explained,
 * snapshots between further rounds count objects.
 */
class Measurement {
  #budget
  #deadline
  #startedAt = now()
  calls
  meter
  /** @type {InstanceType<typeof Rounds> | null} */
  rounds = null
  /** By round, what it left open. @type {{calls: number, left: Record<string, number>}[]} */
  open = []

  /**
   * @param {typeof import('../../binding')} binding
   * @param {InstanceType<typeof import('./calls').Calls> | InstanceType<typeof import('./server/requests').Requests>} calls
   * @param {{budget: number, deadline?: number}} time milliseconds: until it is decided, and until all is done
   */
  constructor (binding, calls, { budget, deadline = Infinity }) {
    this.#budget = budget
    this.#deadline = deadline
    this.calls = calls
    this.meter = new Meter(binding)
  }

  get elapsedMs () {
    return now() - this.#startedAt
  }

  /**
   * Calls in rounds until they decide, or will not.
   * @returns {Promise<'flat' | 'grows' | 'leaps' | 'open' | 'doubt'>} leaps: it grew, and not by the last calls
   */
  async run () {
    const { calls, meter } = this
    await meter.read()
    // What it loads and builds at its first call is no growth.
    await this.#lookAtOpen(await calls.make(calls.first))
    const rounds = this.rounds = new Rounds(await meter.read(), calls.noise)
    for (let unread = 0; ;) {
      const made = await calls.make(Math.min(calls.made, calls.most - calls.made), this.#budget * ROUND)
      await this.#lookAtOpen(made)
      if (this.#leavesOpen()) return 'open'
      unread += made
      if (this.#saysNothingYet()) continue
      rounds.add(unread, await meter.read(rounds.flatUpTo(unread)))
      unread = 0
      if (calls.full) return 'grows'
      if (rounds.grows) return await this.#growsAgain(made) ? 'grows' : 'leaps'
      if (rounds.isFlat) return 'flat'
      if (calls.made >= calls.most) return rounds.isSteady ? 'grows' : 'doubt'
      if (this.#outOfTime() && !this.#mayLeaveOpen()) return 'doubt'
    }
  }

  /**
   * Once more, and fewer calls. What became as large as a round is long, such as the table of a WeakMap whose keys are
   * dead, does not become larger by a shorter one.
   */
  async #growsAgain (count) {
    const { calls, meter } = this
    const rounds = /** @type {InstanceType<typeof Rounds>} */ (this.rounds)
    if (calls.made >= calls.most) return true
    const made = await calls.make(Math.min(Math.ceil(count * AGAIN), calls.most - calls.made), this.#budget * ROUND)
    rounds.add(made, await meter.read())
    return rounds.isSteady
  }

  /**
   * What memory grows by while nothing is called. One step may be V8's own; one after another is somebody at work.
   * @param {number} least bytes
   * @returns {Promise<number>} bytes in a look; 0 where it does not grow by more than the least in each, and where no time
   *   is left to see it
   */
  async drift (least) {
    if (this.elapsedMs + 2 * this.meter.msPerReading + DRIFTING_MS > this.#deadline) return 0
    const steps = []
    let level = await this.meter.read()
    for (let look = 0; look < AGREEING; look++) {
      await wait(DRIFTING_MS)
      const now = await this.meter.read()
      if (now - level <= least) return 0
      steps.push(now - level)
      level = now
    }
    return Math.min(...steps)
  }

  /** Types of what each call leaves open. */
  get leftOpen () {
    const last = this.open.slice(-AGREEING)
    return Object.keys(last.at(-1)?.left ?? {}).filter((type) =>
      last.every(({ calls, left }, i) => (left[type] ?? 0) - (last[i - 1]?.left[type] ?? (this.open.at(-AGREEING - 1)?.left[type] ?? 0)) >= Math.max(1, calls * LEFT_SHARE)))
  }

  /**
   * How many calls to make between two snapshots, where time and memory allow.
   * @param {number} most more make more objects to count
   */
  between (most = this.calls.mostBetween) {
    const { calls, rounds } = this
    const byTime = this.#budget * ROUND / Math.max(calls.msPerCall, 1e-6)
    const byGrowth = GROWTH_BETWEEN / Math.max(rounds?.bytesPerCall ?? 1, 1)
    return Math.max(1, Math.floor(Math.min(calls.made, byTime, byGrowth, most)))
  }

  /**
   * Of few calls memory says nothing, and a reading takes longer than they do: several hundred milliseconds in a
   * runner with a large heap.
   */
  #saysNothingYet () {
    const { calls, meter } = this
    return calls.made < FEWEST_CALLS && calls.ms < meter.msPerReading && !calls.full && meter.bytesAllocated < MUCH_GROWTH
  }

  /** Milliseconds that a snapshot took, with what is done beside it; where none was taken yet, as readings let expect. */
  msPerSnapshot = 0

  /** Milliseconds that so many snapshots take. */
  msOf (snapshots) {
    return snapshots * Math.max(this.msPerSnapshot, READINGS_OF_SNAPSHOT * this.meter.msPerReading)
  }

  /** Whether the time is left that so many snapshots take, and calls of so many milliseconds before them. */
  hasTimeFor (snapshots, ms = 0) {
    return this.elapsedMs + ms + this.msOf(snapshots) <= this.#deadline
  }

  #leavesOpen () {
    return this.open.length > AGREEING && this.leftOpen.length > 0
  }

  /** Something is open, and it is too early to say whether each call adds to it. */
  #mayLeaveOpen () {
    return this.open.length <= AGREEING && Object.keys(this.open.at(-1)?.left ?? {}).length > 0
  }

  async #lookAtOpen (calls) {
    this.open.push({ calls, left: await this.meter.leftOpen() })
  }

  /** Also where so many calls as it takes to decide will not fit in. */
  #outOfTime () {
    const { calls, elapsedMs } = this
    // Where objects cannot be counted in time, more rounds may decide.
    if (elapsedMs + this.msOf(SNAPSHOTS.unsure) > this.#budget) return elapsedMs >= this.#budget * ROUNDS_ALONE
    if (elapsedMs >= this.#budget * CALLING) return true
    const wanted = AGREEING * FEWEST_CALLS * calls.msPerCall
    return elapsedMs + wanted > this.#budget * CALLING && calls.ms >= this.#budget * WARMING
  }
}

module.exports = { Measurement, SNAPSHOTS }
