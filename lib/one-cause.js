'use strict'

/** What may grow because of what: an object in the heap keeps Buffers, native memory and handles, and a handle keeps objects. */
const CAUSED_BY = {
  heap: ['resources'],
  external: ['heap', 'resources'],
  native: ['heap', 'external', 'resources'],
  resources: ['heap']
}

/** Of the shorter window, this share must be common to both. */
const LEAST_OVERLAP = 0.5
/** A channel that ends the process this much earlier than the reported one has to be reported. */
const MUCH_EARLIER = 0.5

/**
 * Two channels that rise together are one leak: which of the reported ones does a growth belong to?
 * @param {{channel: string, startMs: number, endMs: number, timeToLimitMs?: number}} growth
 * @param {{channel: string, startMs: number, endMs: number, timeToLimitMs?: number}[]} reported leaks that go on
 * @returns {string | undefined} its channel; undefined where the growth is a leak of its own
 */
function partOf (growth, reported) {
  return reported.find((leak) => CAUSED_BY[growth.channel]?.includes(leak.channel) && overlaps(growth, leak) && !isMuchEarlier(growth, leak))?.channel
}

function overlaps (one, other) {
  const common = Math.min(one.endMs, other.endMs) - Math.max(one.startMs, other.startMs)
  const shorter = Math.min(one.endMs - one.startMs, other.endMs - other.startMs)
  return common > 0 && common >= LEAST_OVERLAP * shorter
}

function isMuchEarlier ({ timeToLimitMs: one = Infinity }, { timeToLimitMs: other = Infinity }) {
  return one < MUCH_EARLIER * other
}

module.exports = { partOf }
