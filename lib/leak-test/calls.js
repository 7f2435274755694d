'use strict'

const { createError } = require('../errors')
const { clearTimeout, now, setTimeout, used } = require('./own')

/** Milliseconds between two looks at the heap while calls are made, and the share of V8's limit at which they end. */
const LOOK_MS = 20
const MOST_OF_LIMIT = 0.7

/**
 * Calls the function under test, one call at a time. What it throws comes through.
 *
 * `Requests` has the same face for a route of a server, where a call is a request.
 */
class Calls {
  /** What one is called. */
  unit = 'call'
  /** How many are made before the rounds begin, and at most in all rounds. */
  first = 1
  most = Infinity
  /** Between two snapshots: of fewer nothing can be said; at most. */
  fewest = 4
  mostBetween = 2000
  /** Bytes by which a round of any length may grow without a leak. */
  noise = 0
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
        const result = call(this.#fn)
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

/**
 * Calls a function. Since this has called others before, V8 does not compile it into its caller: what it allocates would
 * count as allocated by ours.
 * @param {() => unknown} fn
 */
function call (fn) {
  return fn()
}

// V8 notes what is called only after some hundred calls.
for (let i = 0; i < 1000; i++) for (const other of [() => 0, () => '', () => null]) call(other)

function isPromise (value) {
  return value !== null && (typeof value === 'object' || typeof value === 'function') && typeof value.then === 'function'
}

module.exports = { Calls }
