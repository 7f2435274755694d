'use strict'

const { createError } = require('../errors')
const { clearTimeout, now, setTimeout, used } = require('./own')

/** Milliseconds between two looks at the heap while calls are made, and the share of V8's limit at which they end. */
const LOOK_MS = 20
const MOST_OF_LIMIT = 0.7

/**
 * Calls the function under test, one call at a time. What it throws comes through.
 */
class Calls {
  #fn
  #mostMs
  /** Ends the call that is under way. @type {((error: Error) => void) | null} */
  #reject = null
  /** All that were made. */
  made = 0
  /** Milliseconds that they took. */
  ms = 0
  /** The heap came near its limit, so the calls ended early. */
  full = false

  /**
   * @param {() => unknown} fn
   * @param {number} mostMs in which a call must settle
   */
  constructor (fn, mostMs) {
    this.#fn = fn
    this.#mostMs = mostMs
  }

  /** Milliseconds that a call takes. */
  get msPerCall () {
    return this.ms / Math.max(1, this.made)
  }

  /**
   * @param {number} count
   * @param {number} [forMs] no further call is begun after it
   * @returns {Promise<number>} how many were made; at least one
   * @throws what a call throws; ERR_TIDEMARK_LEAK_TEST_TIMEOUT where one does not settle
   */
  async make (count, forMs = Infinity) {
    const startedAt = now()
    let looked = startedAt
    let made = 0
    try {
      while (made < count) {
        const result = this.#fn()
        if (isPromise(result)) await this.#settled(result)
        made++
        this.made++
        const at = now()
        if (at - startedAt >= forMs) break
        if (at - looked >= LOOK_MS) {
          looked = at
          this.full = used() > MOST_OF_LIMIT
          if (this.full) break
        }
      }
    } finally {
      this.ms += now() - startedAt
    }
    return made
  }

  /**
   * Until the promise of one call is settled. Not by `Promise.race()`, which would leave a reaction at the promise of
   * the deadline for each call.
   */
  async #settled (promise) {
    const timer = setTimeout(() => this.#reject?.(createError('ERR_TIDEMARK_LEAK_TEST_TIMEOUT', [this.made + 1, this.#mostMs])), this.#mostMs)
    try {
      await new Promise((resolve, reject) => {
        this.#reject = reject
        promise.then(resolve, reject)
      })
    } finally {
      this.#reject = null
      clearTimeout(timer)
    }
  }
}

function isPromise (value) {
  return value !== null && (typeof value === 'object' || typeof value === 'function') && typeof value.then === 'function'
}

module.exports = { Calls }
