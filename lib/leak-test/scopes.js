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
 * Names of variables that a snapshot does not have: V8 tells there those of functions, not those of blocks, and Vitest puts
 * each module into a block. The debugger knows them. Only while the numbers of the snapshot hold, and before the
 * inspector's session that had them ends.
 * @template {import('../..').GrownSuspect} S
 * @param {S[]} suspects
 * @returns {S[]}
 */
function withNames (suspects) {
  if (!suspects.slice(0, MOST).some(isNameless)) return suspects
  return asking((session) => suspects.map((suspect, at) => at < MOST && isNameless(suspect) ? withName(session, suspect) : suspect)) ?? suspects
}

/**
 * How many entries each of the first holders may have, by a number beside it that is called so: 'max', 'limit'. As
 * `withNames`, while the numbers of the snapshot hold.
 * @param {import('../..').GrownSuspect[]} suspects
 * @returns {(number | undefined)[]} undefined where nothing says so, and where it has more already
 */
function capsOf (suspects) {
  return asking((session) => suspects.slice(0, MOST).map(({ path }) => capOf(session, path))) ?? []
}

/** @template T @param {(session: any) => T} ask @returns {T | undefined} undefined without an inspector */
function asking (ask) {
  const { session } = openInspector()
  if (session === undefined) return undefined
  try {
    return ask(session)
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

module.exports = { capsOf, withNames }
