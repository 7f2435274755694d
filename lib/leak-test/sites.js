'use strict'

const { toFindings } = require('../evidence/sites/finding')
const { growthBySite } = require('../evidence/sites/growth')
const { Sampler } = require('../evidence/sites/sampler')
const { Stacks } = require('../evidence/sites/stacks')
const { messageOf } = require('../errors')

/** Bytes between two samples: nearly each small object is one. */
const INTERVAL_BYTES = 64

/**
 * Which code allocated what is still there after the work.
 * @template T
 * @param {typeof import('../../binding')} binding
 * @param {() => Promise<T>} work ends with a full GC
 * @returns {Promise<{result: T, sites: import('../evidence/suspect').Finding[], problem?: string}>} what stays most first
 */
async function allocationSites (binding, work) {
  const { sampler, problem } = Sampler.start(INTERVAL_BYTES, { binding })
  if (sampler === undefined) return { result: await work(), sites: [], problem }
  try {
    const result = await work()
    const stacks = new Stacks()
    const profile = sampler.take()
    stacks.read(profile)
    const growths = growthBySite(stacks, null, { samples: profile.samples, settled: 1 })
    return { result, sites: toFindings(growths, stacks, sampler.ageMs) }
  } catch (error) {
    // Also where somebody else stopped the profiler.
    if (error?.code?.startsWith?.('ERR_TIDEMARK') || !/Profiler/.test(messageOf(error))) throw error
    return { result: await work(), sites: [], problem: messageOf(error) }
  } finally {
    sampler.stop()
  }
}

module.exports = { allocationSites }
