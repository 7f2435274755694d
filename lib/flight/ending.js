'use strict'

const { bytes, percent } = require('../format')
const { limitInWords } = require('../limits')

/** A process whose memory had reached this share of a limit when it was last seen was most likely ended for it: half a second passes between two looks. */
const AT_LIMIT = 0.9
/** V8's limit counts what is young too, and an old generation that is full ends the process before that. */
const HEAP_AT_LIMIT = 0.95

/** All processes of it together. */
const CONTAINER = 'its container'

/** Of the limits outside of V8, the one that is the nearest. @returns {{who: string, used: number, limit: number, kills: boolean, place: string} | undefined} */
function nearestLimit (pulse) {
  return limitsOf(pulse)[0]
}

/** The nearest first. */
function limitsOf ({ rss, groupLimit, groupUsage, groupSlows, memoryLimit, machineAvailable }) {
  const limits = []
  // Resident memory is read twice a second, what the group uses every two.
  if (groupLimit != null && groupUsage != null) limits.push({ who: CONTAINER, used: Math.max(groupUsage, rss ?? 0), limit: groupLimit, kills: !groupSlows, place: limitInWords('cgroup', { slows: groupSlows, whose: 'its' }) })
  if (memoryLimit != null && rss != null) limits.push({ who: 'it', used: rss, limit: memoryLimit, kills: true, place: limitInWords('memoryLimit') })
  if (machineAvailable != null && rss != null) limits.push({ who: 'it', used: rss, limit: rss + machineAvailable, kills: true, place: limitInWords('machine') })
  return limits.sort((one, other) => (one.limit - one.used) - (other.limit - other.used))
}

/** The isolate whose heap is the nearest to V8's limit. */
function fullestHeap (isolates) {
  const shares = isolates.filter(({ newest, closed }) => newest !== null && !closed && newest.heapSizeLimit > 0)
    .map(({ threadId, nearHeapLimit, newest }) => ({
      threadId, nearHeapLimit, used: newest.usedHeapSize, limit: newest.heapSizeLimit, share: newest.usedHeapSize / newest.heapSizeLimit
    }))
  return shares.sort((one, other) => other.nearHeapLimit - one.nearHeapLimit || other.share - one.share)[0]
}

/**
 * How a process ended, or that it runs, from its recorder file.
 * @param {Record<string, any>} recording as `readFlight` tells it
 * @returns {{cause: 'running' | 'exit' | 'stopped' | 'oom-kill' | 'heap-limit' | 'killed', sentence: string}}
 */
function endingOf ({ alive, end, process: pulse, isolates }) {
  if (end?.kind === 'exit') return { cause: 'exit', sentence: `It left by itself with exit code ${end.code}.` }
  if (end?.kind === 'stopped') return { cause: 'stopped', sentence: 'The recorder was stopped while the process went on.' }
  if (alive) return { cause: 'running', sentence: 'It is running.' }
  const heap = fullestHeap(isolates)
  const isHeapFull = heap !== undefined && (heap.nearHeapLimit || heap.share >= HEAP_AT_LIMIT)
  const limits = pulse === null ? [] : limitsOf(pulse)
  // One that slows hides none that kills.
  const limit = limits.find(({ kills, used, limit }) => kills && used >= AT_LIMIT * limit) ?? limits[0]
  const where = limit && `${limit.who} had ${bytes(limit.used)} of ${bytes(limit.limit)} (${percent(limit.used / limit.limit)}), ${limit.place}`
  if (limit?.kills && limit.used >= AT_LIMIT * limit.limit && !heap?.nearHeapLimit) {
    return { cause: 'oom-kill', sentence: `Most likely the kernel killed it for its memory (OOM kill): ${where}${limit.who === CONTAINER && pulse.rss != null ? `; the process itself had ${bytes(pulse.rss)}` : ''}.` }
  }
  if (isHeapFull) {
    const thread = heap.threadId === 0 ? '' : ` of thread ${heap.threadId}`
    return { cause: 'heap-limit', sentence: `Most likely V8 ended it with 'heap out of memory': the JavaScript heap${thread} held ${bytes(heap.used)}, and its limit of ${bytes(heap.limit)} was reached.` }
  }
  return { cause: 'killed', sentence: `It was killed or crashed; its memory was not at a limit${where ? `: ${where}` : ''}.` }
}

module.exports = { endingOf, fullestHeap, nearestLimit }
