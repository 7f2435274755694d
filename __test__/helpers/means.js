'use strict'

const { performance } = require('node:perf_hooks')
const binding = require('../../binding.js')
const { Pauses } = require('../../lib/pauses')

/**
 * What a monitor gives to the sources of evidence, without a monitor: full GCs come when they are asked for.
 * @returns {import('../../lib/evidence/sources').Means}
 */
function createMeans () {
  let collectedAt = -Infinity
  return {
    binding,
    pauses: new Pauses(1000),
    sinceFullGc: () => performance.now() - collectedAt,
    collect () {
      binding.collectGarbage()
      collectedAt = performance.now()
      return true
    }
  }
}

module.exports = { createMeans }
