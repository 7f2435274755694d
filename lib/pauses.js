'use strict'

const v8 = require('node:v8')

/**
 * What stops the event loop in one piece and cannot be cut into slices: whoever would do it predicts
 * how long that takes and asks here first. What the app does not allow is left out, and reported.
 */
class Pauses {
  /** Milliseconds, the option `maxPauseMs`. */
  mostMs
  /** What is left out now, by its sentence: the expected pause in milliseconds. */
  #leftOut = new Map()

  /** @param {number} mostMs */
  constructor (mostMs) {
    this.mostMs = mostMs
  }

  /**
   * @param {string} consequence what is missing where it is not done: the beginning of a sentence, the same each time
   * @param {number} expectedMs
   * @returns {boolean}
   */
  allow (consequence, expectedMs) {
    if (expectedMs <= this.mostMs) {
      this.#leftOut.delete(consequence)
      return true
    }
    this.#leftOut.set(consequence, expectedMs)
    return false
  }

  /** @returns {string[]} */
  get problems () {
    return [...this.#leftOut].map(([consequence, expectedMs]) =>
      `${consequence}: it would stop the event loop for about ${Math.round(expectedMs)} ms, and \`maxPauseMs\` is ${this.mostMs}.`)
  }
}

/** A step whose pause grows with the heap: predicted by what it took last, or at first by what it took elsewhere. */
class PausePerHeap {
  #fixedMs
  #msPerMb

  /** @param {number} fixedMs @param {number} msPerMb */
  constructor (fixedMs, msPerMb) {
    this.#fixedMs = fixedMs
    this.#msPerMb = msPerMb
  }

  get expectedMs () {
    return this.#fixedMs + this.#msPerMb * heapMb()
  }

  /** It was done. @param {number} ms that it took */
  took (ms) {
    this.#msPerMb = Math.max(0, ms - this.#fixedMs) / heapMb()
  }
}

function heapMb () {
  return v8.getHeapStatistics().used_heap_size / 1048576
}

module.exports = { Pauses, PausePerHeap, heapMb }
