'use strict'

/**
 * Makes the sources that are wanted. Loaded by the first suspicion: a process that never has one
 * loads none of this.
 * @param {string[]} names as in the option `evidence`, and 'retainers'
 * @param {{resources: () => Record<string, number>, binding: object, memoryLimit?: number}} means
 *   resources: active handles by type, at the last look
 * @returns {Record<string, import('./suspect').EvidenceSource>}
 */
function createSources (names, { resources, binding, memoryLimit }) {
  const sources = {}
  if (names.includes('routes')) {
    const { RouteEvidence } = require('./routes')
    sources.routes = new RouteEvidence()
  }
  if (names.includes('sites')) {
    const { SiteEvidence } = require('./sites')
    sources.sites = new SiteEvidence()
  }
  if (names.includes('containers')) {
    const { CensusEvidence } = require('./census')
    // Requests that a route keeps say which container keeps them.
    sources.containers = new CensusEvidence({ heldBy: () => sources.routes?.heldBy() ?? [] })
  }
  if (names.includes('resources')) {
    const { ResourceEvidence } = require('./resources')
    sources.resources = new ResourceEvidence(resources)
  }
  if (names.includes('retainers')) {
    const { RetainerEvidence } = require('./retainers')
    const { snapshotsOf } = require('./retainers/snapshots')
    sources.retainers = new RetainerEvidence(snapshotsOf(binding), memoryLimit)
  }
  return sources
}

module.exports = { createSources }
