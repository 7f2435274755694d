'use strict'

/** @param {number[]} values at least one */
function median (values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Median and the range of the middle half: what a noisy machine lets one say. */
function spread (values) {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
  return { median: median(values), low: at(0.25), high: at(0.75) }
}

module.exports = { median, spread }
