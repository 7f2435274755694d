'use strict'

const { attribution } = require('./attribution')

/**
 * What grows at each site, told from what is left of the samples.
 *
 * All samples that were ever taken have ordinals from 1 on. Of what a leak allocates everything is
 * left, so its survivors are spread evenly over all ordinals. Of what only lives for a while, the
 * youngest part is left; of what a start or a deployment allocated once, the oldest. So:
 *
 * - the last quarter of the ordinals does not count: what is young may yet die. Where the last full GC is
 *   longer ago than that, all since then does not count;
 * - what the first profile saw and the second does not has died: the share that stayed is the
 *   site's `persistence`, and what is younger than the first profile counts by so much;
 * - `evenness` compares how the survivors spread over three equal parts of the rest with what chance
 *   would do to as many samples of something even.
 *
 * @typedef {{
 *   site: import('./attribution').Site,
 *   bytes: number,
 *   growth: number,
 *   samples: number,
 *   persistence: number,
 *   evenness: number,
 *   heaviest: number
 * }} SiteGrowth bytes: alive of what was sampled. growth: of that, what stays. samples: that tell it.
 *   heaviest: the profile's node whose stack allocated most of it
 */

const PARTS = 3
/** The share of the ordinals that counts, where all that is dead was collected. */
const SETTLED = 3 / 4

/**
 * @typedef {{samples: {size: number, nodeId: number, ordinal: number}[], settled?: number}} Profile
 *   settled: the share of its ordinals, the oldest first, of which what is dead was collected, and that counts
 *
 * @param {InstanceType<typeof import('./stacks').Stacks>} stacks that have read both profiles
 * @param {Profile | null} first
 * @param {Profile} last
 * @returns {SiteGrowth[]} what grows most first
 */
function growthBySite (stacks, first, last) {
  const firstSpan = first === null ? 0 : spanOf(first)
  const settled = last.settled ?? SETTLED
  const settledSpan = spanOf(last) * settled
  const siteOf = attribution(stacks, last.samples.filter(({ ordinal }) => partOf(ordinal, settledSpan) < PARTS))
  const tallies = new Map()
  const tallyOf = ({ nodeId }) => {
    const site = siteOf(nodeId)
    let tally = tallies.get(site.key)
    if (tally === undefined) tallies.set(site.key, tally = newTally(site))
    return tally
  }
  // What was in flight at the first profile says nothing of what stays.
  const settledAtFirst = firstSpan * (first?.settled ?? SETTLED)
  for (const sample of first?.samples ?? []) {
    if (sample.ordinal <= settledAtFirst) tallyOf(sample).before += 1
  }
  for (const sample of last.samples) count(tallyOf(sample), sample, { settledAtFirst, firstSpan, settledSpan })
  return [...tallies.values()]
    .map((tally) => judge(tally, stacks, settled))
    .filter(({ bytes }) => bytes > 0)
    .sort((one, other) => other.growth - one.growth)
}

function newTally (site) {
  return { site, bytes: 0, before: 0, stayed: 0, oldBytes: 0, youngBytes: 0, parts: new Array(PARTS).fill(0), byNode: new Map() }
}

function count (tally, { size, nodeId, ordinal }, { settledAtFirst, firstSpan, settledSpan }) {
  tally.bytes += size
  tally.byNode.set(nodeId, (tally.byNode.get(nodeId) ?? 0) + size)
  if (ordinal <= settledAtFirst) tally.stayed += 1
  const part = partOf(ordinal, settledSpan)
  if (part >= PARTS) return
  tally.parts[part] += 1
  if (ordinal <= firstSpan) tally.oldBytes += size
  else tally.youngBytes += size
}

function partOf (ordinal, settledSpan) {
  return Math.floor((ordinal - 1) / settledSpan * PARTS)
}

function judge ({ site, bytes, before, stayed, oldBytes, youngBytes, parts, byNode }, stacks, settled) {
  const persistence = Math.min(1, (stayed + 1) / (before + 1))
  const [heaviest] = [...byNode].reduce((most, each) => each[1] > most[1] ? each : most, [0, 0])
  return {
    site: site.owner === 'package' && heaviest !== 0 ? { ...site, frame: stacks.allocatorOf(heaviest).package } : site,
    bytes,
    growth: Math.min(bytes, (oldBytes + youngBytes * persistence) / settled),
    samples: sum(parts),
    persistence,
    evenness: evennessOf(parts),
    heaviest
  }
}

/** 1 where the counts are as even as chance allows, a third of that where all fell into one. */
function evennessOf (counts) {
  const total = sum(counts)
  if (total < 2) return 1
  const observed = sum(counts.map((n) => (n / total) ** 2))
  const expected = 1 / counts.length + (1 - 1 / counts.length) / total
  return Math.min(1, expected / observed)
}

/** The samples that were ever taken: the youngest that is alive tells, and one always is. */
function spanOf ({ samples }) {
  return samples.reduce((most, { ordinal }) => Math.max(most, ordinal), 0)
}

function sum (numbers) {
  return numbers.reduce((total, each) => total + each, 0)
}

module.exports = { SETTLED, growthBySite, spanOf }
