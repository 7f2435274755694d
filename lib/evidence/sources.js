'use strict'

/**
 * What the sources are given. Where tests make one without, it does as much as it can without the native module.
 * @typedef {{
 *   binding?: typeof import('../../binding'),
 *   pauses?: InstanceType<typeof import('../pauses').Pauses>,
 *   resources?: () => Record<string, number>,
 *   memoryLimit?: number,
 *   sinceFullGc?: () => number,
 *   collect?: () => boolean,
 *   held?: () => import('./suspect').Held[]
 * }} Means resources: active handles by type, at the last look. sinceFullGc: milliseconds since the last full
 *   GC ended. collect: asks for one in small steps, and says whether one was asked for. held: objects of which a source
 *   knows that they are kept
 */

/**
 * The sources of evidence, one line each. The files of one are loaded when it is made: by the first suspicion, or where
 * it `isStanding`, by the start, since what it listens for mostly comes before. The option `evidence` names those
 * that have no `option` of their own.
 * @type {Record<string, {create: (means: Means) => import('./suspect').EvidenceSource, isStanding?: true, option?: (options: Record<string, any>) => boolean}>}
 */
const SOURCES = {
  routes: { create: (means) => new (require('./routes').RouteEvidence)(means) },
  sites: { create: (means) => new (require('./sites').SiteEvidence)(means) },
  containers: { create: (means) => new (require('./census').CensusEvidence)(means) },
  listeners: { create: () => new (require('./listeners').ListenerWarnings)(), isStanding: true },
  resources: { create: (means) => new (require('./resources').ResourceEvidence)(means.resources) },
  retainers: { create: (means) => new (require('./retainers').RetainerEvidence)(require('./retainers/snapshots').snapshotsOf(/** @type {typeof import('../../binding')} */ (means.binding)), means), option: ({ snapshots }) => snapshots === 'auto' }
}

/** What the option `evidence` may name, and names where it is not given. */
const EVIDENCE_NAMES = Object.keys(SOURCES).filter((name) => SOURCES[name].option === undefined)

/** @returns {string[]} the sources that the options of a monitor ask for */
function sourcesOf (options) {
  return [...options.evidence, ...Object.keys(SOURCES).filter((name) => SOURCES[name].option?.(options))]
}

/**
 * @param {string} name
 * @param {Means} means
 * @param {Record<string, import('./suspect').EvidenceSource>} sources those that there are, now and later
 * @returns {import('./suspect').EvidenceSource}
 * @throws where it cannot be loaded
 */
function createSource (name, means, sources) {
  return SOURCES[name].create({ ...means, held: () => Object.values(sources).flatMap((source) => source.held?.() ?? []) })
}

/**
 * Makes and starts those that stand from the start on. One that cannot be made yet comes with the first suspicion.
 * @param {string[]} names of the sources that are wanted
 * @param {Means} means
 * @returns {Record<string, import('./suspect').EvidenceSource>}
 */
function startStanding (names, means) {
  const standing = {}
  for (const name of names.filter((each) => SOURCES[each].isStanding)) {
    try {
      standing[name] = createSource(name, means, standing)
      standing[name].start()
    } catch {
      delete standing[name]
    }
  }
  return standing
}

module.exports = { EVIDENCE_NAMES, createSource, sourcesOf, startStanding }
