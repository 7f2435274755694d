'use strict'

const path = require('node:path')
const { createError } = require('../errors')
const { readConvertOptions, readListOptions, readWorkOptions, uint32 } = require('./options')
const { runWork } = require('./work')

/** One heap snapshot, read and analysed. All numbers are those of Chrome DevTools on the same file. */
class HeapSnapshot {
  #binding
  #native
  #options

  /** For `readHeapSnapshot` alone. */
  constructor (binding, native, options) {
    this.#binding = binding
    this.#native = native
    this.#options = options
  }

  /** Bytes of all objects. */
  get totalSize () {
    return this.#native.totalSize
  }

  get nodeCount () {
    return this.#native.nodeCount
  }

  /** Classes, duplicate strings, detached contexts; at most `rows` of each. */
  async summary (options) {
    const { rows } = readListOptions(options)
    return this.#ask((native, work) => native.summary(rows, work))
  }

  /**
   * What looks like a leak, the most convincing first.
   * @param {HeapSnapshot} [earlier] of the same process, or at least the same program
   */
  async suspects (earlier) {
    if (earlier !== undefined) HeapSnapshot.#check('earlier', earlier)
    return this.#ask((native, work) => native.suspects(work, earlier === undefined ? undefined : earlier.#native))
  }

  /**
   * What changed since an earlier snapshot, what grew most first.
   * @param {HeapSnapshot} before
   */
  async diff (before, options) {
    HeapSnapshot.#check('before', before)
    const { rows } = readListOptions(options)
    return this.#ask((native, work) => native.diff(before.#native, rows, work))
  }

  /**
   * What keeps a node alive.
   * @param {{id: number} | {class: string}} node the one with V8's id, or of a class the one that retains most
   */
  async path (node) {
    const { id, class: name } = readNode(node)
    return this.#ask((native, work) => native.path(id, name, work))
  }

  /** The dominator tree for a picture; see src/snapshot/icicle.rs. */
  icicle (finest = 1000) {
    return this.#ask((native, work) => native.icicle(finest, work))
  }

  /**
   * The classes that grew from each snapshot to the next.
   * @param {HeapSnapshot[]} snapshots oldest first
   */
  static async series (snapshots, options) {
    mustBe('snapshots', Array.isArray(snapshots) && snapshots.length > 0 ? undefined : 'a list of HeapSnapshots', snapshots)
    for (const snapshot of snapshots) HeapSnapshot.#check('snapshots', snapshot)
    const { rows } = readListOptions(options)
    const [first] = snapshots
    const natives = snapshots.map((snapshot) => snapshot.#native)
    return first.#ask((native, work) => first.#binding.snapshotSeries(natives, rows, work))
  }

  /** By what is asked of it: an object that inherits from one is none. */
  static #check (name, value) {
    mustBe(name, Object(value) === value && #native in value ? undefined : 'a HeapSnapshot', value)
  }

  #ask (question) {
    return runWork(this.#binding, this.#options, (work) => question(this.#native, work))
  }
}

/**
 * Reads and analyses a `.heapsnapshot` file off the event loop.
 * @param {typeof import('../../binding')} binding the native module
 * @param {string} file
 * @param {{signal?: AbortSignal, onProgress?: (progress: object) => void}} [options] also for the questions that follow
 * @returns {Promise<HeapSnapshot>}
 */
async function readHeapSnapshot (binding, file, options) {
  checkFile('file', file)
  const checked = readWorkOptions(options)
  const native = await runWork(binding, checked, (work) => binding.openSnapshot(path.resolve(file), work))
  return new HeapSnapshot(binding, native, checked)
}

/**
 * Copies a snapshot without what users typed.
 * @param {typeof import('../../binding')} binding
 * @param {string} from
 * @param {string} to there whole or not at all, readable by its owner alone
 * @param {{strip?: boolean, signal?: AbortSignal, onProgress?: (progress: object) => void}} [options] strip: not even the lengths of strings stay
 */
async function convertHeapSnapshot (binding, from, to, options) {
  checkFile('from', from)
  checkFile('to', to)
  const { strip, ...checked } = readConvertOptions(options)
  await runWork(binding, checked, (work) => binding.convertSnapshot(path.resolve(from), path.resolve(to), strip, work))
}

/**
 * @typedef {Pick<import('../..').SnapshotSuspect, 'kind' | 'description' | 'holder' | 'id' | 'class' | 'path' | 'location'> & {
 *   objectsPerRound: number[], objectsPerCall: number, bytesPerCall: number, own: boolean, classLocation: import('../..').Location | null
 * }} GrownSuspect
 *
 * What gathered in every round of calls between snapshots of this process, however little; see
 * src/snapshot/suspects/grown/.
 * @param {typeof import('../../binding')} binding
 * @param {import('../../binding').SnapshotAnalysis[]} natives two or three, oldest first
 * @param {number[]} calls between each two of them
 * @param {{leastShare?: number, signal?: AbortSignal, onProgress?: (progress: object) => void}} [options] leastShare: what part of the calls must leave something behind
 * @returns {Promise<GrownSuspect[]>} the most bytes a call first, at most ten
 */
async function grownOver (binding, natives, calls, { leastShare = 0.1, ...options } = {}) {
  const earlier = natives.slice(0, -1)
  const last = natives[natives.length - 1]
  return runWork(binding, options, (work) => last.grown(earlier, calls, leastShare, work))
}

/** What else it has does not matter: a suspect names a node too. What it inherits does not count. */
function readNode (node) {
  const [id, name] = ['id', 'class'].map((key) => Object(node) === node && Object.hasOwn(node, key) ? node[key] : undefined)
  if (id !== undefined) mustBe('id', uint32()(id), id)
  else if (name !== undefined) mustBe('class', typeof name === 'string' ? undefined : 'the name of a class', name)
  else mustBe('node', 'an object with an `id` or a `class`', node)
  return { id, class: name }
}

function checkFile (name, file) {
  mustBe(name, typeof file === 'string' && file !== '' ? undefined : 'the path of a file', file)
}

/** @param {string | undefined} expected undefined where the value is right */
function mustBe (name, expected, value) {
  if (expected !== undefined) throw createError('ERR_TIDEMARK_OPTION', [name, expected, value])
}

module.exports = { HeapSnapshot, readHeapSnapshot, convertHeapSnapshot, grownOver }
