'use strict'

const { collectGarbage } = require('../collect-garbage')
const { countResources } = require('../resource-watch')
const { getHeapSpaceStatistics, getHeapStatistics, now, turn, wait } = require('./own')

/** Where V8 keeps compiled code, which comes and goes as it likes. */
const CODE_SPACES = ['code_space', 'code_large_object_space', 'trusted_space', 'trusted_large_object_space']

/** Milliseconds that what was closed may take to be gone, and between two looks. */
const CLOSING_MS = 150
const LOOK_MS = 5

/** What was put off for the next turn comes and goes. */
const NOT_COUNTED = ['Immediate', 'TickObject', 'Microtask']

/**
 * What an isolate holds after a full GC: bytes of the heap without compiled code and of the memory beside it that
 * JavaScript owns; and what it has open.
 */
class Meter {
  #binding
  /** @type {Record<string, number>} what was open at the beginning */
  #open
  /** What was left open at the last look. @type {Record<string, number>} */
  #left = {}
  /** At the last reading. */
  #level = 0
  #collections = 0
  /** Milliseconds that they took. */
  ms = 0
  readings = 0

  /** @param {typeof import('../../binding')} binding */
  constructor (binding) {
    this.#binding = binding
    this.#open = this.resources()
  }

  /**
   * After what was put off has run, and what is dead was collected. Twice: finalizers, and what hears by async_hooks
   * that a promise is gone, run after a collection and let go of more.
   * @param {number} [enough] where no more bytes are left after the first, the second is not needed
   * @returns {Promise<number>} bytes
   */
  async read (enough = -Infinity) {
    await this.#collect()
    if (bytesHeld() > enough) await this.#collect()
    this.readings++
    this.#level = bytesHeld()
    return this.#level
  }

  /** More than at the last reading, what is dead included. */
  get bytesAllocated () {
    return bytesHeld() - this.#level
  }

  async #collect () {
    await turn()
    await turn()
    this.collect()
  }

  /** Now. */
  collect () {
    const startedAt = now()
    collectGarbage(this.#binding)
    this.ms += now() - startedAt
    this.#collections++
  }

  /** Milliseconds that a reading takes, with both collections. */
  get msPerReading () {
    return 2 * this.ms / Math.max(1, this.#collections)
  }

  /** What is open, by type. */
  resources () {
    const counts = countResources()
    for (const type of NOT_COUNTED) delete counts[type]
    return counts
  }

  /**
   * What was opened since the beginning and is not closed, after what is being closed had its time. What was open at the
   * last look already, such as a timer of the runner or a pool of connections, is not waited for.
   * @returns {Promise<Record<string, number>>} by type
   */
  async leftOpen () {
    const known = this.#left
    const isMore = (left) => Object.entries(left).some(([type, count]) => count > (known[type] ?? 0))
    let left = this.#more()
    for (let waitedMs = 0; waitedMs < CLOSING_MS && isMore(left); waitedMs += LOOK_MS) {
      await wait(LOOK_MS)
      left = this.#more()
    }
    this.#left = left
    return left
  }

  #more () {
    return Object.fromEntries(Object.entries(this.resources())
      .map(([type, count]) => /** @type {[string, number]} */ ([type, count - (this.#open[type] ?? 0)]))
      .filter(([, count]) => count > 0))
  }
}

function bytesHeld () {
  const heap = getHeapSpaceStatistics().reduce((sum, { space_name: name, space_used_size: bytes }) => CODE_SPACES.includes(name) ? sum : sum + bytes, 0)
  return heap + getHeapStatistics().external_memory
}

module.exports = { Meter }
