'use strict'

const path = require('node:path')
const { bytes, duration } = require('../format')
const { rowsOf, sortRows } = require('../flight/recording')
const { ENDINGS, TITLES, perTime } = require('./words')

/** Processes and threads that are listed. */
const MOST_ROWS = 200

/**
 * The rows of a recorder's folder, the worst off first, each with what the page shows of it.
 * @param {Record<string, any>[]} found as `listFlights` tells it
 * @returns {(import('../flight/recording').Row & {key: string, shown: object})[]}
 */
function rowsIn (found) {
  const rows = sortRows(found.filter(({ problem }) => problem === undefined).flatMap(rowsOf)).slice(0, MOST_ROWS)
  return rows.map((row) => ({ ...row, key: keyOf(row), shown: { key: keyOf(row), ...shown(row) } }))
}

/** A name of our own for a row: what the page asks for is looked up, never opened. */
function keyOf ({ file, threadId }) {
  return `${path.basename(file)}:${threadId}`
}

function shown ({ pid, threadId, name, state, heap, rss, channel, growthRate, timeToLimitMs, alive, ending, time }) {
  return {
    name: name ?? 'a process',
    pid: pid === null ? '' : String(pid),
    threadId: threadId === 0 ? 'main' : String(threadId),
    state: alive ? state : 'dead',
    badge: alive ? TITLES[state] : ENDINGS[ending],
    heap: heap === null ? '' : bytes(heap),
    rss: rss === null ? '' : bytes(rss),
    growth: growthRate === null ? '' : perTime(growthRate, channel),
    left: timeToLimitMs === null ? '' : duration(timeToLimitMs),
    seen: alive ? 'now' : time === null ? 'unknown' : Date.parse(time),
    isGone: !alive
  }
}

module.exports = { rowsIn }
