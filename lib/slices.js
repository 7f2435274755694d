'use strict'

const { performance } = require('node:perf_hooks')
const { setImmediate, setTimeout } = require('node:timers')

// Saved, since test runners put fake ones in their place.
const now = performance.now.bind(performance)

/** How long the app is kept waiting at a time, in milliseconds. */
const SLICE_MS = 4

/**
 * Long work in short slices, with a turn of the event loop between them.
 */
class Slices {
  durationMs = 0
  longestMs = 0
  #began = now()
  #deadline
  #sliceBegan
  #keepsAlive

  /** @param {{limitMs: number, keepsAlive?: boolean}} options `limitMs` by the wall clock, the app's turns included */
  constructor ({ limitMs, keepsAlive = false }) {
    this.#deadline = this.#began + limitMs
    this.#sliceBegan = this.#began
    this.#keepsAlive = keepsAlive
  }

  /** There is no time left at all. */
  get over () {
    return now() >= this.#deadline
  }

  /** This slice has lasted long enough. */
  get full () {
    return now() - this.#sliceBegan >= SLICE_MS
  }

  /** There is less time than was thought. */
  hurry (limitMs) {
    this.#deadline = Math.min(this.#deadline, now() + limitMs)
  }

  /** Lets the app have its turn. */
  async turn () {
    await this.rest(new Promise((resolve) => {
      // An immediate without a reference waits until something else wakes the event loop; a timer does not.
      if (this.#keepsAlive) setImmediate(resolve)
      else setTimeout(resolve, 1).unref()
    }))
  }

  /** Waits for what takes nothing of this thread's time. */
  async rest (promise) {
    this.end()
    const value = await promise
    this.#sliceBegan = now()
    return value
  }

  /** Accounts for the slice that is running. */
  end () {
    const took = now() - this.#sliceBegan
    this.durationMs += took
    this.longestMs = Math.max(this.longestMs, took)
    this.#sliceBegan = now()
  }
}

module.exports = { Slices, now }
