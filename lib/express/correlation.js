'use strict'

/** Fewer windows than this say nothing. */
const LEAST_WINDOWS = 8

/**
 * Whether requests get slower as memory grows: Pearson's correlation of the mean latency of a window
 * of time with the heap after the last full GC at the window's end, over the last windows that had
 * requests. Fixed memory.
 */
class Correlation {
  #latencies
  #levels
  #size
  #count = 0

  /** @param {number} [size] how many windows */
  constructor (size = 60) {
    this.#size = size
    this.#latencies = new Float64Array(size)
    this.#levels = new Float64Array(size)
  }

  /**
   * @param {number} latencyMs the mean of the window
   * @param {number} level bytes
   */
  push (latencyMs, level) {
    const slot = this.#count % this.#size
    this.#latencies[slot] = latencyMs
    this.#levels[slot] = level
    this.#count++
  }

  /**
   * @returns {number | null} -1 to 1; null while there are fewer than 8 windows, or one of the two
   * never changed
   */
  coefficient () {
    const n = Math.min(this.#count, this.#size)
    if (n < LEAST_WINDOWS) return null
    const meanLatency = mean(this.#latencies, n)
    const meanLevel = mean(this.#levels, n)
    let both = 0
    let latencySquares = 0
    let levelSquares = 0
    for (let i = 0; i < n; i++) {
      const latency = this.#latencies[i] - meanLatency
      const level = this.#levels[i] - meanLevel
      both += latency * level
      latencySquares += latency * latency
      levelSquares += level * level
    }
    if (latencySquares === 0 || levelSquares === 0) return null
    return Math.min(1, Math.max(-1, both / Math.sqrt(latencySquares * levelSquares)))
  }
}

function mean (values, n) {
  let sum = 0
  for (let i = 0; i < n; i++) sum += values[i]
  return sum / n
}

module.exports = { Correlation }
