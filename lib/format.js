'use strict'

/**
 * Numbers as a person reads them: a unit, and no more digits than they are worth. `src/format.rs` does the same for Rust;
 * `__test__/format.json` holds both together. The scripts of pages get this file as it is.
 */

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** Powers of 1000, as DevTools shows them. @param {number} value @returns {string} '1.8 MB', '312 kB', '-4.0 MB' */
function bytes (value) {
  if (!Number.isFinite(value)) return 'unknown'
  const unit = unitOf(value)
  return `${inUnit(value, unit)} ${UNITS[unit]}`
}

function unitOf (value) {
  let size = Math.abs(value)
  let unit = 0
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000
    unit++
  }
  return unit
}

function inUnit (value, unit) {
  const size = Math.abs(value) / 1000 ** unit
  const digits = unit > 0 && size < 9.95 ? size.toFixed(1) : size.toFixed(0)
  return `${value < 0 && Number(digits) !== 0 ? '-' : ''}${digits}`
}

/** @param {number} perSecond bytes per second. @returns {string} in the unit of time that makes it readable */
function rate (perSecond) {
  const [seconds, time] = timeOf(perSecond)
  return `${bytes(perSecond * seconds)}/${time}`
}

/** @param {number} perSecond @returns {[seconds: number, time: string]} */
function timeOf (perSecond) {
  const size = Math.abs(perSecond)
  if (size >= 1e6) return [1, 's']
  return size * 60 >= 1e6 ? [60, 'min'] : [3600, 'h']
}

/**
 * With what it may be, in one unit: nobody should have to convert MB/min to MB/s.
 * @param {number} perSecond bytes per second
 * @param {[low: number, high: number]} range
 * @returns {string} '1.0 MB/s, between 0.9 and 1.1'
 */
function rateWithin (perSecond, range) {
  const [seconds] = timeOf(perSecond)
  const unit = unitOf(perSecond * seconds)
  const [low, high] = range.map((value) => inUnit(value * seconds, unit))
  return `${rate(perSecond)}, between ${low} and ${high}`
}

/** @param {number} ms milliseconds. @returns {string} '400 ms', '45 s', '1 min 37 s', '2 h 5 min', '3 days 4 h' */
function duration (ms) {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return withRest(minutes, 'min', seconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return withRest(hours, 'h', minutes % 60, 'min')
  const days = Math.floor(hours / 24)
  if (days < 365) return withRest(days, 'days', hours % 24, 'h')
  return 'more than a year'
}

function withRest (whole, unit, rest, restUnit) {
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`
}

/** @param {number} count whole. @returns {string} '1,204' */
function grouped (count) {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

/** @param {number} ratio 0 to 1. @returns {string} '97 %', '4.2 %' */
function percent (ratio) {
  return `${(ratio * 100).toFixed(ratio > 0 && ratio < 0.0995 ? 1 : 0)} %`
}

module.exports = { bytes, rate, rateWithin, duration, grouped, percent }
