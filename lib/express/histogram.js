'use strict'

/** Each power of two is cut into this many buckets: a value is known to 1.6 %. */
const SUB_BUCKETS = 32
const SUB_BITS = 5
const BUCKETS = SUB_BUCKETS * 28
const LARGEST_US = 2 ** 32 - 1

/**
 * Latencies in fixed memory (7 kB): exact to the microsecond below 64 us, in log-linear buckets up
 * to 71 minutes. `perf_hooks.createHistogram()` would do as well, but has no way to look at an
 * interval other than to reset it, and here several readers look at the same requests.
 */
class Histogram {
  /** How many values each bucket holds, since the beginning. */
  counts = new Float64Array(BUCKETS)

  /** @param {number} ms milliseconds, at least 0 */
  record (ms) {
    this.counts[bucketOf(ms)]++
  }

  /**
   * The quantiles of what was recorded since `before`.
   * @param {number[]} quantiles 0 to 1, ascending
   * @param {Float64Array} [before] an earlier copy of `counts`
   * @returns {(number | null)[]} milliseconds; null where nothing was recorded
   */
  quantiles (quantiles, before = NOTHING) {
    let total = 0
    for (let i = 0; i < BUCKETS; i++) total += this.counts[i] - before[i]
    if (total === 0) return quantiles.map(() => null)
    let bucket = -1
    let seen = 0
    return quantiles.map((quantile) => {
      const rank = Math.max(1, Math.ceil(quantile * total))
      while (seen < rank) {
        bucket++
        seen += this.counts[bucket] - before[bucket]
      }
      return middleOf(bucket)
    })
  }
}

const NOTHING = new Float64Array(BUCKETS)

function bucketOf (ms) {
  const us = Math.min(ms * 1000, LARGEST_US) >>> 0
  if (us < 2 * SUB_BUCKETS) return us
  const shift = 31 - SUB_BITS - Math.clz32(us)
  return shift * SUB_BUCKETS + (us >>> shift)
}

/** @returns {number} milliseconds */
function middleOf (bucket) {
  if (bucket < 2 * SUB_BUCKETS) return bucket / 1000
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1
  const mantissa = bucket - shift * SUB_BUCKETS
  return (mantissa + 0.5) * 2 ** shift / 1000
}

module.exports = { Histogram }
