'use strict'

const { latest } = require('./latest')
const { limitOf, limits } = require('./limits')

/** The forecast reaches this share of the time that is shown into the future. */
const AHEAD = 0.3

/** Where the trend leads while something grows. */
function forecastOf (newest, shown) {
  const trend = latest.face?.trend
  if (!trend || trend.from === undefined || latest.face?.isLive === false) return null
  const limit = limitOf(trend)
  const [time, value] = trend.to
  const hitsAt = limit === undefined || trend.rate <= 0 ? Infinity : time + (limit.bytes - value) / trend.rate * 1000
  const ahead = newest + AHEAD * shown
  const until = hitsAt > newest && hitsAt < newest + shown ? hitsAt + 0.05 * shown : limits.reaches && Number.isFinite(hitsAt) ? hitsAt : ahead
  return { ...trend, until: Math.max(until, newest + 1000), hitsAt }
}

module.exports = { forecastOf }
