'use strict'

const { bytes, duration, percent, rate, rateWithin } = require('../format')
const { STATES, SUBJECTS, placeOf } = require('../health')

/** What a state is called on a badge. */
const TITLES = { stopped: 'Stopped', settling: 'Settling', steady: 'Steady', suspect: 'Growing', leaking: 'Leaking', critical: 'Critical' }

/** How an end is called on a badge. */
const ENDINGS = { exit: 'Left by itself', stopped: 'Recorder stopped', 'oom-kill': 'Killed for memory', 'heap-limit': 'Heap full', killed: 'Killed' }

/**
 * A channel and its status, as `status()` has it; of a recording without the reasons.
 * @typedef {{
 *   channel: string,
 *   state: string,
 *   level?: number | null,
 *   growth?: number,
 *   growthRate?: number | null,
 *   growthRateLow?: number,
 *   growthRateHigh?: number,
 *   confidence?: number,
 *   startMs?: number,
 *   endMs?: number,
 *   fullGcs?: number,
 *   timeToLimitMs?: number | null,
 *   limit?: import('../..').Limit | null,
 *   heldBackBy?: string,
 *   partOf?: string
 * }} Named
 */

/**
 * The channel that the page is about: the worst one, and of several the one with the least time left.
 * @param {Named[]} channels
 */
function mainChannel (channels) {
  const worst = [...channels].sort((one, other) => STATES.indexOf(other.state) - STATES.indexOf(one.state) ||
    (one.timeToLimitMs ?? Infinity) - (other.timeToLimitMs ?? Infinity))[0]
  const heap = channels.find(({ channel }) => channel === 'heap')
  return heap !== undefined && heap.state === worst?.state && worst.timeToLimitMs == null ? heap : worst
}

/**
 * The state in one sentence, and what is to be said beside it.
 * @param {Named[]} channels
 * @param {{state: string, reason: string | null}} health
 * @param {object} [memory] of `status()`
 * @returns {{state: string, title: string, sentence: string, detail: string}}
 */
function stateInWords (channels, health, memory) {
  const main = mainChannel(channels)
  if (main === undefined) return said('settling', 'Too early to say: there was no full GC yet.', '')
  if (health.state === 'critical') return said('critical', health.reason ?? criticalWithoutReason(main, memory), main.state === 'leaking' ? certainty(main) : '')
  if (main.state === 'leaking') return said('leaking', `${leaks(main)}${untilLimit(main, memory)}.`, certainty(main))
  if (main.state === 'suspect') {
    return said('suspect', `${upper(SUBJECTS[main.channel])} grows${pace(main)}; it is not called a leak yet.`, reasonOf(main))
  }
  if (main.state === 'steady') return said('steady', `No leak: ${SUBJECTS[main.channel]} ${stands(main)}.`, reasonOf(main))
  return said('settling', 'Too early to say whether memory leaks.', reasonOf(main))
}

function said (state, sentence, detail) {
  return { state, title: TITLES[state], sentence, detail }
}

/** A recording has none. */
function criticalWithoutReason (main, memory) {
  return main.state === 'leaking' ? `${leaks(main)}${untilLimit(main, memory)}.` : 'Little memory is left.'
}

function leaks (status) {
  return `${upper(SUBJECTS[status.channel])} leaks${pace(status)}`
}

/** @param {Named} status @param {object} [memory] of `status()` */
function untilLimit ({ limit, timeToLimitMs }, memory) {
  return timeToLimitMs == null || limit == null ? '' : `; ${placeOf(limit, memory)} is reached in ${duration(timeToLimitMs)}`
}

/** @param {Named} status */
function stands ({ channel, level }) {
  return level == null ? 'does not grow' : `stands at ${amount(level, channel)} after the last full GC`
}

/** @param {Named} status */
function reasonOf ({ heldBackBy }) {
  return heldBackBy === undefined ? '' : `${upper(heldBackBy)}.`
}

/** What the claim rests on. @param {Named} status */
function certainty ({ channel, growthRate, growthRateLow, growthRateHigh, growth, fullGcs, confidence }) {
  const within = growthRate != null && growthRateLow !== undefined && growthRateHigh !== undefined && channel !== 'resources' ? `${rateWithin(growthRate, [growthRateLow, growthRateHigh])}; ` : ''
  const sure = confidence === undefined ? '' : `; confidence ${percent(confidence)}`
  return fullGcs === undefined ? '' : `${within}${amount(growth, channel)} more over ${fullGcs} full GCs${sure}.`
}

/** @param {Named} status */
function pace ({ channel, growthRate }) {
  return growthRate == null ? '' : ` by ${perTime(growthRate, channel)}`
}

/** @returns {string} '1.0 MB/s', '3.0 a minute' */
function perTime (growthRate, channel) {
  return channel === 'resources' ? `${(growthRate * 60).toFixed(1)} a minute` : rate(growthRate)
}

/** @returns {string} '34 MB', '12 handles' */
function amount (value, channel) {
  return channel === 'resources' ? `${Math.round(value)} handle${Math.round(value) === 1 ? '' : 's'}` : bytes(value)
}

/** One row a channel, in words. @param {Named[]} channels */
function channelRows (channels) {
  return inOrder(channels).map((status) => ({
    name: upper(SUBJECTS[status.channel]),
    state: status.state,
    title: TITLES[status.state],
    level: status.level == null ? '' : amount(status.level, status.channel),
    growth: status.growthRate == null ? '' : perTime(status.growthRate, status.channel),
    reason: status.partOf === undefined ? reasonOf(status) || (status.state === 'leaking' ? certainty(status) : '') : `Rises with the leak of ${SUBJECTS[status.partOf]}.`
  }))
}

function inOrder (channels) {
  const names = Object.keys(SUBJECTS)
  return [...channels].sort((one, other) => names.indexOf(one.channel) - names.indexOf(other.channel))
}

function upper (text) {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

module.exports = { ENDINGS, TITLES, channelRows, mainChannel, perTime, stateInWords }
