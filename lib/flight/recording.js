'use strict'

const { endingOf, nearestLimit } = require('./ending')

/** From the mildest to the worst. */
const STATES = ['settling', 'steady', 'suspect', 'leaking', 'critical']

/** What each channel's readings are called. */
const READING_OF = { heap: 'usedHeapSize', external: 'externalMemory', native: 'native', resources: 'resources' }

/**
 * @typedef {{
 *   pid: number | null,
 *   threadId: number,
 *   name: string | null,
 *   state: string,
 *   heap: number | null,
 *   rss: number | null,
 *   limit: string | null,
 *   channel: string | null,
 *   growthRate: number | null,
 *   timeToLimitMs: number | null,
 *   suspect: string | null,
 *   alive: boolean,
 *   ending: string,
 *   time: string | null,
 *   file: string
 * }} Row
 */

/**
 * What is to be seen of a process at a glance: one row an isolate.
 * @param {Record<string, any>} recording as `listFlights` tells it
 * @returns {Row[]}
 */
function rowsOf (recording) {
  const { identity, process: pulse, isolates, leaks, alive, file } = recording
  const ending = endingOf(recording)
  const limit = pulse === null ? undefined : nearestLimit(pulse)
  const living = isolates.filter(({ closed }) => !closed)
  // Of a process whose isolates were stopped one by one, the main thread's is left.
  return (living.length > 0 ? living : isolates.slice(0, 1)).map((isolate) => {
    const worst = worstChannel(isolate)
    return {
      pid: identity?.pid ?? null,
      threadId: isolate.threadId,
      name: identity?.name ?? null,
      state: stateOf(isolate),
      heap: isolate.channels.heap?.level ?? isolate.newest?.usedHeapSize ?? null,
      rss: pulse?.rss ?? null,
      limit: limit?.limit ?? null,
      channel: worst?.channel ?? null,
      growthRate: worst?.growthRate ?? null,
      timeToLimitMs: worst?.timeToLimitMs ?? null,
      suspect: suspectOf(leaks, isolate.threadId),
      alive,
      ending: ending.cause,
      time: pulse === null ? null : new Date(pulse.timeMs).toISOString(),
      file
    }
  })
}

/** What JavaScript made of it where that is worse than the detector's word. */
function stateOf ({ state, health }) {
  return health === 'ok' ? state : health
}

/** The channel that is worst off. @returns {{channel: string, state: string, growthRate: number | null, timeToLimitMs: number | null} | undefined} */
function worstChannel ({ channels }) {
  return Object.entries(channels)
    .map(([channel, status]) => ({ channel, ...status }))
    .filter(({ state }) => STATES.indexOf(state) >= STATES.indexOf('suspect'))
    .sort((one, other) => STATES.indexOf(other.state) - STATES.indexOf(one.state) ||
      (one.timeToLimitMs ?? Infinity) - (other.timeToLimitMs ?? Infinity))[0]
}

function suspectOf (leaks, threadId) {
  const leak = leaks.findLast((each) => each.threadId === threadId)
  return leak?.suspects?.[0]?.description ?? null
}

/** Living processes first, the worst off on top; then the dead, the last one first. @param {Row[]} rows */
function sortRows (rows) {
  return rows.sort((one, other) => Number(other.alive) - Number(one.alive) ||
    (one.alive
      ? STATES.indexOf(other.state) - STATES.indexOf(one.state) ||
        (one.timeToLimitMs ?? Infinity) - (other.timeToLimitMs ?? Infinity) || (other.rss ?? 0) - (one.rss ?? 0)
      : Date.parse(other.time ?? '0') - Date.parse(one.time ?? '0')))
}

/**
 * The series of one isolate that says most: of the channel that leaks, else of the heap.
 * @returns {{channel: string, points: {timeMs: number, value: number}[], growthRate: number | null, limit: number | null, changes: {timeMs: number, state: string}[]}}
 */
function seriesOf (isolate, leak) {
  const channel = leak?.channel ?? worstChannel(isolate)?.channel ?? 'heap'
  // Between two full GCs the heap holds garbage; the other channels are looked at by the timer too.
  const readings = isolate.readings.filter(({ kind }) => kind === 'major' || channel !== 'heap')
  const points = readings.map((reading) => ({ timeMs: reading.timeMs, value: reading[READING_OF[channel]] }))
    .filter(({ value }) => value !== null)
  return {
    channel,
    points,
    growthRate: isolate.channels[channel]?.growthRate ?? null,
    limit: channel === 'heap' ? isolate.newest?.heapSizeLimit ?? null : null,
    changes: changesOf(isolate.readings)
  }
}

function changesOf (readings) {
  return readings.filter(({ state }, at) => at > 0 && state !== readings[at - 1].state)
    .map(({ timeMs, state }) => ({ timeMs, state }))
}

module.exports = { rowsOf, seriesOf, sortRows, stateOf, worstChannel }
