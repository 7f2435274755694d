'use strict'

const { bytes } = require('../format')
const { worstOf } = require('../health')
const { plain } = require('../plain')
const { endingOf, nearestLimit } = require('./ending')

/**
 * The 'previous-run' event.
 * @param {Record<string, any>} recording of a process of this service that ended without a word
 */
function previousPayload (recording) {
  const { identity, process: pulse, isolates, leaks, others, file } = recording
  const { cause, sentence } = endingOf({ ...recording, alive: false })
  const limit = pulse === null ? undefined : nearestLimit(pulse)
  const leak = leaks.at(-1) ?? null
  const previous = {
    time: timeOf(pulse),
    name: identity?.name ?? null,
    version: identity?.version ?? null,
    pid: identity?.pid ?? null,
    uptimeMs: pulse?.uptimeMs ?? null,
    state: worstOf(isolates.map(({ state }) => state)),
    rss: pulse?.rss ?? null,
    limit: limit === undefined ? null : { bytes: limit.limit, place: limit.place },
    cause,
    leak: leak === null ? null : { signature: leak.signature ?? null, message: leak.message ?? null, suspects: leak.suspects ?? [], report: leak.report ?? null },
    others,
    file
  }
  return { ...previous, message: message(previous, sentence) }
}

/** A file can hold any number. */
function timeOf (pulse) {
  const time = new Date(pulse?.timeMs ?? 0)
  return Number.isNaN(time.getTime()) ? new Date(0) : time
}

function message ({ time, pid, rss, state, leak, others, file }, sentence) {
  const parts = [
    `The last run of this service (process ${pid}) did not end by itself: it was last seen at ${time.toISOString()}, ${state}` +
    `${rss === null ? '' : `, with ${bytes(rss)} resident`}. ${sentence}`
  ]
  if (typeof leak?.message === 'string') parts.push(`It had reported: ${plain(leak.message)}`)
  if (typeof leak?.report === 'string') parts.push(`Its report: ${plain(leak.report)}`)
  if (others > 0) parts.push(`${others} more of its processes ended like that.`)
  parts.push(`Next: tidemark recorder ${plain(file)}`)
  return parts.join(' ')
}

module.exports = { previousPayload }
