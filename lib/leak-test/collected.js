'use strict'

const v8 = require('node:v8')
const { createError } = require('../errors')
const { readHeapDiffOptions } = require('../analysis/options')
const { runWork } = require('../analysis/work')
const { openInspector } = require('../evidence/inspector')
const { Meter } = require('./meter')
const { now } = require('./own')
const { chainOf } = require('./result')
const { Snapshots } = require('./snapshots')

/**
 * Where the object hangs for the moment in which the inspector tells its number: at a module of Node.js, which is the
 * same in all contexts. `globalThis` is another one in Jest and in Vitest's vmThreads, and the inspector looks at the first.
 */
const BRIDGE = Symbol.for('tidemark.leak-test.bridge')
const AT_BRIDGE = `require('node:v8')[Symbol.for('${BRIDGE.description}')]`

/**
 * What `make` gives must become unreachable once nobody here holds it.
 * @param {typeof import('../../binding')} binding
 * @param {() => unknown} make
 * @param {{budget: number}} options
 * @returns {Promise<{collected: boolean, what: string, holder: string | null}>} what: its class
 */
async function isCollected (binding, make, { budget }) {
  const startedAt = now()
  const meter = new Meter(binding)
  const { ref, what } = await refOf(make)
  while (now() - startedAt < budget) {
    await meter.read()
    if (ref.deref() === undefined) return { collected: true, what, holder: null }
    // What it waits for may take a moment; what it does not wait for is no better after more collections.
    if (meter.readings >= COLLECTIONS && now() - startedAt >= budget * PATIENCE) break
  }
  return { collected: false, what, holder: await holderOf(binding, ref) }
}

/** Collections at least, and the part of the budget that passes, before an object counts as held. */
const COLLECTIONS = 3
const PATIENCE = 0.2

/** In a function of its own: no variable of ours holds the object when it returns. */
async function refOf (make) {
  const thing = await make()
  if ((typeof thing !== 'object' || thing === null) && typeof thing !== 'function') {
    throw createError('ERR_TIDEMARK_OPTION', ['make', 'a function that returns an object or a function, which can be collected', thing])
  }
  return { ref: new WeakRef(thing), what: classOf(thing) }
}

function classOf (thing) {
  try {
    const name = typeof thing === 'function' ? 'function' : Object.getPrototypeOf(thing)?.constructor?.name
    return typeof name === 'string' && name !== '' ? name : 'object'
  } catch {
    return 'object'
  }
}

/** @returns {Promise<string | null>} the path that keeps it; null where no snapshot can be taken or none tells */
async function holderOf (binding, ref) {
  try {
    const snapshots = new Snapshots(binding)
    await snapshots.take()
    const id = idOf(ref)
    if (id === undefined) return null
    const [analysis] = snapshots.analyses
    const found = await runWork(binding, readHeapDiffOptions(), (work) => analysis.path(id, undefined, work))
    return chainOf(found.path).slice(1).join(' <- ') || null
  } catch (error) {
    if (!error?.code?.startsWith?.('ERR_TIDEMARK')) throw error
    return null
  }
}

/** V8's number of the object, which it has since the snapshot. @returns {number | undefined} */
function idOf (ref) {
  const { session } = openInspector()
  if (session === undefined) return undefined
  try {
    Object.defineProperty(v8, BRIDGE, { value: ref.deref(), configurable: true })
    const { result } = session.post('Runtime.evaluate', { expression: AT_BRIDGE, includeCommandLineAPI: true, objectGroup: 'tidemark', silent: true })
    if (result.objectId === undefined) return undefined
    const { heapSnapshotObjectId } = session.post('HeapProfiler.getHeapObjectId', { objectId: result.objectId })
    return Number(heapSnapshotObjectId)
  } catch {
    return undefined
  } finally {
    delete v8[BRIDGE]
    try { session.post('Runtime.releaseObjectGroup', { objectGroup: 'tidemark' }) } catch {}
    session.close()
  }
}

module.exports = { isCollected }
