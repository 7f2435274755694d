'use strict'

const { isCapName } = require('../evidence/census/cap-name')
const { openInspector } = require('../evidence/inspector')

/** Of suspects, those that are looked at. */
const MOST = 3
const GROUP = 'tidemark-leak-test'

/** How the debugger describes what has entries: 'Map(12)'. */
const SIZE = /^\w+\((\d+)\)$/
/** Entries that a Map can have: a larger number is no cap. */
const MOST_ENTRIES = 2 ** 24

/**
 * Of the first suspects what a snapshot does not have and the debugger knows. Names of variables: V8 tells there those of
 * functions, not those of blocks, and Vitest puts each module into a block. And how many entries a holder may have, by a
 * number beside it that is called so: 'max', 'limit'. Only while the numbers of the snapshot hold, and once, since they
 * end with this session of the inspector.
 * @template {import('../analysis').GrownSuspect} S
 * @param {S[]} suspects
 * @returns {(S & {cap?: number})[]} cap: undefined where nothing says so, and where there are more entries already
 */
function withScopes (suspects) {
  const { session } = openInspector()
  if (session === undefined) return suspects
  try {
    return suspects.map((suspect, at) => at < MOST ? { ...withName(session, suspect), cap: capOf(session, suspect.path) } : suspect)
  } finally {
    try { session.post('Runtime.releaseObjectGroup', { objectGroup: GROUP }) } catch {}
    session.close()
  }
}

/** @param {import('../..').SnapshotStep[]} path to the holder @returns {number | undefined} */
function capOf (session, path) {
  const [owner, holder] = path.slice(-2)
  if (holder?.edge?.type !== 'property') return undefined
  try {
    const [container, owning] = [holder, owner].map(({ id }) => session.post('HeapProfiler.getObjectByHeapObjectId', { objectId: String(id), objectGroup: GROUP }).result)
    const size = Number(SIZE.exec(container.description)?.[1])
    return numbersOf(session, owning.objectId).filter(([name, most]) => isCapName(name) && most >= size && most <= MOST_ENTRIES).map(([, most]) => most).sort((one, other) => one - other)[0]
  } catch {
    return undefined // it is gone, or a debugger came
  }
}

/** @returns {[string, number][]} of an object, also in private fields */
function numbersOf (session, objectId) {
  const { result, privateProperties = [] } = propertiesOf(session, objectId)
  return [...result, ...privateProperties].filter(({ value }) => value?.type === 'number').map(({ name, value }) => [name, value.value])
}

/** Held by a scope, as far as V8 says. */
function isNameless ({ holder, path }) {
  return !holder.includes('`') && path.at(-2)?.class.startsWith('system / Context')
}

function withName (session, suspect) {
  if (!isNameless(suspect)) return suspect
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

module.exports = { withScopes }
