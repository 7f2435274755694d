'use strict'

/**
 * The detector's line: its slope, through the middle of the readings that it is about.
 * @param {{time: number, value: number}[]} readings oldest first
 * @param {{growthRate: number, low?: number, high?: number}} slope bytes per second
 * @returns {{from: [time: number, value: number], to: [time: number, value: number], rate: number, low: number, high: number} | null}
 */
function trendOf (readings, { growthRate, low = growthRate, high = growthRate }) {
  if (readings.length < 2) return null
  const mean = (of) => readings.reduce((sum, reading) => sum + of(reading), 0) / readings.length
  const [time, value] = [mean((reading) => reading.time), mean((reading) => reading.value)]
  /** @returns {[time: number, value: number]} */
  const at = (when) => [Math.round(when), Math.round(value + growthRate * (when - time) / 1000)]
  return { from: at(readings[0].time), to: at(readings[readings.length - 1].time), rate: growthRate, low, high }
}

module.exports = { trendOf }
