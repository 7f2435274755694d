'use strict'

const { openInspector } = require('../evidence/inspector')

/** Of suspects, those that are named. */
const MOST = 3
const GROUP = 'tidemark-leak-test'

/**
 * Names of variables that a snapshot does not have: V8 tells there those of functions, not those of blocks, and Vitest puts
 * each module into a block. The debugger knows them. Only while the numbers of the snapshot hold, and before the
 * inspector's session that had them ends.
 * @param {import('../analysis').GrownSuspect[]} suspects
 * @returns {import('../analysis').GrownSuspect[]}
 */
function withNames (suspects) {
  if (!suspects.slice(0, MOST).some(isNameless)) return suspects
  const { session } = openInspector()
  if (session === undefined) return suspects
  try {
    return suspects.map((suspect, at) => at < MOST && isNameless(suspect) ? withName(session, suspect) : suspect)
  } finally {
    try { session.post('Runtime.releaseObjectGroup', { objectGroup: GROUP }) } catch {}
    session.close()
  }
}

/** Held by a scope, as far as V8 says. */
function isNameless ({ holder, path }) {
  return !holder.includes('`') && path.at(-2)?.class.startsWith('system / Context')
}

function withName (session, suspect) {
  const { path, holder } = suspect
  const fn = path.findLast(({ class: type }) => type === 'Function')
  const name = fn === undefined ? undefined : variableOf(session, fn.id, path.at(-1).id)
  return name === undefined ? suspect : { ...suspect, holder: holder.replace(/^\S+/, (what) => `${what} \`${name}\``) }
}

/** The variable in the scopes of a function that has an object, both by their numbers. @returns {string | undefined} */
function variableOf (session, fn, wanted) {
  try {
    const { result } = session.post('HeapProfiler.getObjectByHeapObjectId', { objectId: String(fn), objectGroup: GROUP })
    const { internalProperties = [] } = propertiesOf(session, result.objectId)
    const scopes = internalProperties.find(({ name }) => name === '[[Scopes]]')?.value.objectId
    for (const { value: scope } of propertiesOf(session, scopes).result) {
      if (scope?.objectId === undefined || scope.description?.startsWith('Global')) continue
      for (const { name, value } of propertiesOf(session, scope.objectId).result) {
        if (value?.objectId === undefined) continue
        const { heapSnapshotObjectId } = session.post('HeapProfiler.getHeapObjectId', { objectId: value.objectId })
        if (Number(heapSnapshotObjectId) === wanted) return name
      }
    }
  } catch {
    // It is gone, or a debugger came.
  }
  return undefined
}

function propertiesOf (session, objectId) {
  return session.post('Runtime.getProperties', { objectId, ownProperties: true })
}

module.exports = { withNames }
