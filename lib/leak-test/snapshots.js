'use strict'

const { closeSync, openSync, writeSync } = require('node:fs')
const { readHeapDiffOptions } = require('../analysis/options')
const { grownOver } = require('../analysis')
const { runWork } = require('../analysis/work')
const { checkMemory } = require('../snapshot/guard')
const { readThisHeap } = require('../snapshot/this-heap')

/** Share of the calls of a round by which objects must have become more: of few calls most, for one or two are chance. */
const FEWEST_OBJECTS = 6
const SHARES = [0.1, 0.75]

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
  /** Of the files that were kept. @type {string[]} */
  files = []

  /**
   * @param {typeof import('../../binding')} binding
   * @param {(index: number) => string} [keep] names a file for the bytes of each
   */
  constructor (binding, keep) {
    this.#binding = binding
    this.#keep = keep
  }

  /**
   * @param {number} calls since the one before
   * @throws ERR_TIDEMARK_SNAPSHOT_REFUSED where the memory may not suffice, and what goes wrong with a file
   */
  async take (calls = 0) {
    this.begin(calls)
    await this.#readAll()
  }

  /** As `take`, now: V8's part. The rest is done when it is needed. */
  begin (calls = 0) {
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
    this.#taken++
    this.#unread.push(reader)
  }

  async #readAll () {
    for (let reader = this.#unread.shift(); reader !== undefined; reader = this.#unread.shift()) {
      const read = reader
      this.#analyses.push(await runWork(this.#binding, readHeapDiffOptions(), (work) => read.analyse(work)))
    }
  }

  /** The oldest first. */
  get analyses () {
    return this.#analyses
  }

  /**
   * What became more in each round.
   * @param {{last?: number, share?: number}} [how] last: only so many snapshots; share: by this share of the calls at least
   * @returns {Promise<import('../..').GrownSuspect[]>}
   */
  async grown ({ last = this.#taken, share } = {}) {
    await this.#readAll()
    const calls = this.#calls.slice(-(last - 1))
    const least = share ?? Math.min(SHARES[1], Math.max(SHARES[0], FEWEST_OBJECTS / Math.min(...calls)))
    return grownOver(this.#binding, this.#analyses.slice(-last), calls, { leastShare: least })
  }
}

module.exports = { Snapshots }
