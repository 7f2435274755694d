'use strict'

/**
 * What the sources are given. Where tests make one without, it does as much as it can without the native module.
 * @typedef {{
 *   binding?: object,
 *   pauses?: import('../pauses').Pauses,
 *   resources?: () => Record<string, number>,
 *   memoryLimit?: number,
 *   sinceFullGc?: () => number,
 *   collect?: () => boolean
 * }} Means resources: active handles by type, at the last look. sinceFullGc: milliseconds since the last full
 *   GC ended. collect: asks for one in small steps, and says whether one was asked for
 */

/** Each is loaded by the first suspicion: a process that never has one loads none of them. */
const MAKERS = {
  routes: (means) => new (require('./routes').RouteEvidence)(means),
  sites: (means) => new (require('./sites').SiteEvidence)(means),
  // Requests that a route keeps say which container keeps them.
  containers: (means, sources) => new (require('./census').CensusEvidence)(means, () => sources.routes?.heldBy() ?? []),
  resources: (means) => new (require('./resources').ResourceEvidence)(means.resources),
  retainers: (means) => new (require('./retainers').RetainerEvidence)(require('./retainers/snapshots').snapshotsOf(means.binding), means)
}

/**
 * @param {string} name as in the option `evidence`, or 'retainers'
 * @param {Means} means
 * @param {Record<string, import('./suspect').EvidenceSource>} sources those that there are already
 * @returns {import('./suspect').EvidenceSource | undefined} undefined where it is none of these
 * @throws where it cannot be loaded
 */
function createSource (name, means, sources) {
  return MAKERS[name]?.(means, sources)
}

module.exports = { createSource }
