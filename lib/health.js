'use strict'

const { performance } = require('node:perf_hooks')
const { lazily } = require('./spare-descriptor')

/** Memory in use beyond this share of a limit is critical, and no longer is below the lower one. */
const FULL = 0.95
const FULL_NO_LONGER = 0.9
/** Time left is short no longer from so many times `criticalMs` on. */
const LONG_AGAIN = 1.5

const SUBJECTS = { heap: 'the JavaScript heap', external: 'external memory', native: 'native memory', resources: 'the number of handles' }

/** States of a channel, from the mildest to the worst. */
const STATES = ['settling', 'steady', 'suspect', 'leaking']

/** What is said while nothing is watched. */
const STOPPED = Object.freeze({ ok: true, state: 'ok', reason: 'tidemark is not running', timeToLimitMs: null, limit: null })

/** @typedef {import('..').ChannelStatus & {channel: keyof typeof SUBJECTS}} Named */
/** @typedef {{state: 'ok' | 'leaking' | 'critical', channel?: keyof typeof SUBJECTS | null, reason: string | null, timeToLimitMs: number | null, limit: import('..').Health['limit']}} Found */
/** @typedef {Partial<import('..').RunningStatus['memory']>} Memory */

/**
 * Whether the process can go on, for a readiness check. It is looked at with every sample; asking costs
 * nothing.
 */
class Health {
  #criticalMs
  #memoryLimit
  #tell
  /** @type {import('..').Health} */
  #now = Object.freeze({ ok: true, state: 'ok', reason: null, timeToLimitMs: null, limit: null })
  /** V8 asked for a higher limit, and the heap has not come down since. */
  #isNearHeapLimit = false
  #askedAt = 0
  /** It was critical, and has not been ok since. */
  #isTold = false

  /**
   * @param {{criticalMs: number, memoryLimit?: number}} options
   * @param {(chapter: 'health' | 'critical', details: object) => void} tell hears of each change, and of
   *   'critical' once until all is well again
   */
  constructor ({ criticalMs, memoryLimit }, tell) {
    this.#criticalMs = criticalMs
    this.#memoryLimit = memoryLimit
    this.#tell = tell
  }

  /** @returns {import('..').Health} */
  get now () {
    return this.#now
  }

  /**
   * @param {Named[]} channels as the app sees them
   * @param {Memory} memory of `status()`
   * @param {boolean} asked whether V8 has asked for a higher heap limit since the last look
   */
  look (channels, memory, asked) {
    const before = this.#now
    const { state, channel = null, ...found } = this.#judge(channels, memory, asked, before.state === 'critical')
    this.#now = Object.freeze({ ok: state !== 'critical', state, ...found })
    if (state === 'ok') this.#isTold = false
    if (state !== before.state) this.#tell('health', { from: before.state, time: new Date(), channel, ...this.#now })
    if (state === 'critical' && !this.#isTold) {
      this.#isTold = true
      this.#tell('critical', { time: new Date(), channel, ...found })
    }
  }

  /**
   * @param {Named[]} channels
   * @param {Memory} memory
   * @param {boolean} asked
   * @param {boolean} wasCritical
   * @returns {Found}
   */
  #judge (channels, memory, asked, wasCritical) {
    const leaking = channels.filter((status) => status.state === 'leaking')
      .sort((one, other) => (one.timeToLimitMs ?? Infinity) - (other.timeToLimitMs ?? Infinity))
    const [first] = leaking
    const left = { timeToLimitMs: first?.timeToLimitMs ?? null, limit: first?.limit ?? null }
    const full = this.#fullest(channels, memory)
    const heap = full.find(({ limit }) => limit === 'heap')
    this.#isNearHeapLimit = asked || (this.#isNearHeapLimit && !this.#hasRoomAgain(heap))
    if (asked) this.#askedAt = performance.now()
    if (this.#isNearHeapLimit) {
      return { state: 'critical', channel: 'heap', reason: 'V8 asked for a higher heap limit: the process is about to run out of heap.', timeToLimitMs: left.timeToLimitMs, limit: 'heap' }
    }
    const most = full.sort((one, other) => other.share - one.share)[0]
    if (most !== undefined && most.share > (wasCritical ? FULL_NO_LONGER : FULL)) {
      const place = placeOf(most.limit, memory)
      return { state: 'critical', channel: first?.channel ?? null, reason: `${format().percent(most.share)} of ${place} is in use${byOthers(most, memory)}.`, timeToLimitMs: left.timeToLimitMs, limit: most.limit }
    }
    if (first === undefined) return { state: 'ok', reason: null, timeToLimitMs: null, limit: null }
    const isShort = left.timeToLimitMs !== null && left.timeToLimitMs < this.#criticalMs * (wasCritical ? LONG_AGAIN : 1)
    const rest = left.timeToLimitMs === null ? '' : `; ${placeOf(left.limit, memory)} is reached in ${format().duration(left.timeToLimitMs)}`
    return { state: isShort ? 'critical' : 'leaking', channel: first.channel, reason: `${upper(SUBJECTS[first.channel])} leaks${rest}.`, ...left }
  }

  /** A heap that is not watched has no level: V8 would have asked again. */
  #hasRoomAgain (heap) {
    return heap === undefined ? performance.now() - this.#askedAt > this.#criticalMs : heap.share < FULL_NO_LONGER
  }

  /**
   * Of each limit that is known the share that is in use. Of the heap what survived the last full GC: the rest is garbage.
   * @param {Named[]} channels @param {Memory} [memory]
   */
  #fullest (channels, { heapSizeLimit, cgroup, rss } = {}) {
    const level = channels.find(({ channel }) => channel === 'heap')?.level
    const shares = /** @type {{limit: 'heap' | 'cgroup' | 'memoryLimit', share: number}[]} */ ([
      { limit: 'heap', share: Number(level) / Number(heapSizeLimit) },
      { limit: 'cgroup', share: Number(cgroup?.usage) / Number(cgroup?.limit) },
      { limit: 'memoryLimit', share: Number(rss) / Number(this.#memoryLimit) }
    ])
    return shares.filter(({ share }) => Number.isFinite(share))
  }
}

/** Loaded with the first word that is needed. */
const format = lazily(() => require('./format'))
const limits = lazily(() => require('./limits'))

/** What a limit is called. @param {string | null} limit of those that `limitInWords` knows @param {{cgroup?: {slows?: boolean}}} [memory] of `status()` */
function placeOf (limit, memory) {
  return limits().limitInWords(/** @type {import('..').Limit | 'memoryLimit'} */ (limit), { slows: memory?.cgroup?.slows })
}

/** Where the group fills and this process does not. @param {{limit: string | null}} full @param {Memory} memory */
function byOthers ({ limit }, { cgroup, rss }) {
  const usage = Number(cgroup?.usage)
  const others = limit === 'cgroup' && rss !== undefined ? usage - rss : 0
  return others > usage / 2 ? `, most of it by other processes (${format().bytes(others)})` : ''
}

/** @param {string[]} states of channels */
function worstOf (states) {
  return states.reduce((worst, state) => STATES.indexOf(state) > STATES.indexOf(worst) ? state : worst, STATES[0])
}

function upper (text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

module.exports = { Health, STATES, STOPPED, SUBJECTS, placeOf, worstOf }
