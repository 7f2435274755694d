'use strict'

const { bytes, duration, percent, rate } = require('../format')

/**
 * The line of stats for a person:
 * 'tidemark: leaking, heap 84 MB after GC, +2.1 MB/min; 1204 requests in 60 s, p50 1.2 ms, p99 14 ms, GC 1.3 % of the time'
 * What is not known yet, or is 0 and should be, is left out.
 * @param {Parameters<typeof memory>[0] & Parameters<typeof requests>[0]} stats
 */
function statsLine (stats) {
  return `tidemark: ${memory(stats)}; ${requests(stats)}`
}

/** @param {{state: string, channel: string, heapAfterGc: number | null, growthRate: number | null}} stats */
function memory ({ state, channel, heapAfterGc, growthRate }) {
  const parts = [channel === 'heap' ? state : `${state} (${channel})`]
  if (heapAfterGc !== null) parts.push(`heap ${bytes(heapAfterGc)} after GC`)
  if (growthRate !== null) parts.push(channel === 'heap' ? signedRate(growthRate) : `${channel} ${pace(growthRate, channel)}`)
  return parts.join(', ')
}

function requests (stats) {
  const parts = [`${stats.requests} request${stats.requests === 1 ? '' : 's'} in ${duration(stats.intervalMs)}`]
  if (stats.errors > 0) parts.push(`${stats.errors} with a 5xx`)
  if (stats.aborted > 0) parts.push(`${stats.aborted} aborted`)
  if (stats.inFlight > 0) parts.push(`${stats.inFlight} in flight`)
  if (stats.p50Ms !== null) parts.push(`p50 ${milliseconds(stats.p50Ms)}`, `p99 ${milliseconds(stats.p99Ms)}`)
  parts.push(`GC ${percent(stats.gcShare)} of the time`)
  if (stats.latencyMemoryCorrelation !== null) {
    parts.push(`correlation of latency with memory ${stats.latencyMemoryCorrelation.toFixed(2)}`)
  }
  return parts.join(', ')
}

/** Handles are counted, the other channels weighed. */
function pace (growthRate, channel) {
  return channel === 'resources' ? `${sign(growthRate)}${(growthRate * 60).toFixed(1)}/min` : signedRate(growthRate)
}

function signedRate (growthRate) {
  return `${sign(growthRate)}${rate(growthRate)}`
}

function sign (value) {
  return value >= 0 ? '+' : ''
}

function milliseconds (ms) {
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`
}

module.exports = { statsLine }
