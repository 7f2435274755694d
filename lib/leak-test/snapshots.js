'use strict'

const { closeSync, openSync, writeSync } = require('node:fs')
const { readHeapDiffOptions } = require('../analysis/options')
const { grownOver } = require('../analysis')
const { runWork } = require('../analysis/work')
const { checkMemory } = require('../snapshot/guard')
const { readThisHeap } = require('../snapshot/this-heap')
const { getHeapStatistics } = require('./own')

/** Share of the calls of a round by which objects must have become more: of few calls most, for one or two are chance. */
const FEWEST_OBJECTS = 6
const SHARES = [0.1, 0.75]

/**
 * Their tables stay as large as they once were. What they hold lives as long as its key, and so counts where that is
 * held.
 */
const WEAK = ['WeakMap', 'WeakSet']

/**
 * What V8 has for itself, by the names that DevTools gives it: it comes with the code that runs, not with what is kept.
 */
const V8S = ['(compiled code)', '(object shape)', '(system)', ...WEAK]
/** Classes that changed, of which these are. */
const MOST_CLASSES = 1000

/**
 * Snapshots between rounds of calls: which objects became more in each.
 */
class Snapshots {
  #binding
  #keep
  /** @type {import('../../binding').SnapshotAnalysis[]} */
  #analyses = []
  /** @type {import('../../binding').SnapshotReader[]} */
  #unread = []
  #taken = 0
  /** Calls between them. @type {number[]} */
  #calls = []
  /** Bytes beside the heap at each. @type {number[]} */
  #external = []
  /** Of the files that were kept. @type {string[]} */
  files = []
  /** Whether a weak table became larger, by no object more. */
  grewWeak = false

  /**
   * @param {typeof import('../../binding')} binding
   * @param {(index: number) => string} [keep] names a file for the bytes of each
   */
  constructor (binding, keep) {
    this.#binding = binding
    this.#keep = keep
  }

  /**
   * After what is dead was collected.
   * @param {number} calls since the one before
   * @throws ERR_TIDEMARK_SNAPSHOT_REFUSED where the memory may not suffice, and what goes wrong with a file
   */
  async take (calls = 0) {
    this.begin(calls)
    await this.#readAll()
  }

  /** As `take`, now: V8's part. The rest is done when it is needed. */
  begin (calls = 0) {
    // What the snapshot itself needs is beside the heap, too.
    const external = getHeapStatistics().external_memory
    checkMemory(this.#binding, {}, { forks: false, parses: true, fileInMemory: false })
    const reader = new this.#binding.SnapshotReader(undefined)
    const file = this.#keep?.(this.#taken)
    const descriptor = file === undefined ? undefined : openSync(file, 'wx', 0o600)
    let failed
    try {
      readThisHeap((chunk) => {
        reader.feed(chunk)
        if (descriptor === undefined || failed !== undefined) return
        try {
          for (let at = 0; at < chunk.length;) at += writeSync(descriptor, chunk, at)
        } catch (error) {
          failed = error
        }
      })
    } finally {
      if (descriptor !== undefined) closeSync(descriptor)
    }
    if (file !== undefined) this.files.push(file)
    if (failed !== undefined) throw failed
    if (this.#taken > 0) this.#calls.push(calls)
    this.#external.push(external)
    this.#taken++
    this.#unread.push(reader)
  }

  async #readAll () {
    for (let reader = this.#unread.shift(); reader !== undefined; reader = this.#unread.shift()) {
      const read = reader
      this.#analyses.push(await runWork(this.#binding, readHeapDiffOptions(), (work) => read.analyse(work)))
    }
  }

  /**
   * Whether in some round nothing became larger by so much but what V8 has for itself: then what memory grew by is that.
   * @param {number} bytesPerCall
   */
  async onlyV8Grew (bytesPerCall) {
    await this.#readAll()
    for (const [round, calls] of this.#calls.entries()) {
      const [before, after] = this.#analyses.slice(round, round + 2)
      const { rows } = await runWork(this.#binding, readHeapDiffOptions(), (work) => after.diff(before, MOST_CLASSES, work))
      const v8s = rows.filter((row) => V8S.includes(row.class)).reduce((sum, { growth }) => sum + growth, 0)
      const beside = this.#external[round + 1] - this.#external[round]
      if (after.totalSize - before.totalSize - v8s + beside < bytesPerCall * calls) return true
    }
    return false
  }

  /** The oldest first. */
  get analyses () {
    return this.#analyses
  }

  /**
   * What became more in each round.
   * @param {{last?: number, share?: number}} [how] last: only so many snapshots; share: by this share of the calls at least
   * @returns {Promise<Array<import('../analysis').GrownSuspect & {rounds: import('./rounds').Gain[]}>>} without weak tables, of which
   *   `grewWeak` tells
   */
  async grown ({ last = this.#taken, share } = {}) {
    await this.#readAll()
    const calls = this.#calls.slice(-(last - 1))
    const least = share ?? Math.min(SHARES[1], Math.max(SHARES[0], FEWEST_OBJECTS / Math.min(...calls)))
    const found = await grownOver(this.#binding, this.#analyses.slice(-last), calls, { leastShare: least })
    const isWeak = (each) => !(each.objectsPerCall > 0) && WEAK.includes(each.class)
    this.grewWeak = found.some(isWeak)
    return found.filter((each) => !isWeak(each)).map((each) => ({ ...each, rounds: each.objectsPerRound.map((objects, i) => ({ calls: calls[i], objects })) }))
  }
}

module.exports = { Snapshots }
