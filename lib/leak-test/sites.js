'use strict'

const { toFindings } = require('../evidence/sites/finding')
const { growthBySite } = require('../evidence/sites/growth')
const { Sampler } = require('../evidence/sites/sampler')
const { Stacks } = require('../evidence/sites/stacks')
const { messageOf } = require('../errors')

/** Bytes between two samples: nearly each small object is one. */
const INTERVAL_BYTES = 64

/**
 * Which code allocated what is still there. Its inspector session stays until `end()`: where one ends, V8 gives all
 * objects new numbers, and snapshots before and after have no object in common.
 */
class Sites {
  #sampler
  /** Why nothing is known. @type {string | undefined} */
  problem

  /** @param {typeof import('../../binding')} binding */
  constructor (binding) {
    const { sampler, problem } = Sampler.start(INTERVAL_BYTES, { binding })
    this.#sampler = sampler
    this.problem = problem
  }

  /** After a full GC. @returns {import('../evidence/suspect').Finding[]} what stays most first */
  take () {
    if (this.#sampler === undefined) return []
    try {
      const stacks = new Stacks()
      const { samples, head } = this.#sampler.take()
      stacks.read({ head })
      return toFindings(growthBySite(stacks, null, { samples, settled: 1 }), stacks, this.#sampler.ageMs)
    } catch (error) {
      this.problem = messageOf(error)
      return []
    }
  }

  end () {
    this.#sampler?.stop()
    this.#sampler = undefined
  }
}

module.exports = { Sites }
