'use strict'

const { createError } = require('./errors')

// What reads a heap is loaded with the first HeapDiff.
const readHeapDiffOptions = (options) => require('./analysis/options').readHeapDiffOptions(options)
const runWork = (...args) => require('./analysis/work').runWork(...args)
const sound = (result) => require('./analysis/work').sound(result)
const readHeap = (reader) => require('./heap-diff/read-heap').readHeap(reader)
const heapDiffShape = (stock) => require('./heap-diff/shape').heapDiffShape(stock)

/** Tells `start` from an application that gives the constructor arguments. */
const STARTED = Symbol('started')

/**
 * memwatch's HeapDiff for one isolate.
 * @param {object} binding the native module
 * @param {(work: () => void) => void} unjudged runs what makes V8 collect, kept from the verdict
 */
function createHeapDiff (binding, unjudged) {
  function readThisHeap (maxMemory) {
    const reader = new binding.SnapshotReader(maxMemory)
    unjudged(() => readHeap(reader))
    return reader
  }

  function takeStockNow () {
    return sound(readThisHeap().takeStockSync())
  }

  function takeStock (options) {
    const reader = readThisHeap(options.maxMemory)
    return runWork(binding, options, (work) => reader.takeStock(work))
  }

  /** What was allocated and freed between two snapshots of this heap. */
  class HeapDiff {
    /** What the first snapshot found, or null when it is over. */
    #before
    #options = {}

    /** Takes the first snapshot; the process stands still for as long as that takes. */
    constructor (token, before, options) {
      const started = token === STARTED
      this.#before = started ? before : takeStockNow()
      if (started) this.#options = options
    }

    /**
     * Takes the first snapshot. For V8's part of it the process stands still, the rest is done on
     * another thread.
     * @param {object} [options] see index.d.ts
     * @returns {Promise<HeapDiff>}
     */
    static async start (options) {
      const checked = readHeapDiffOptions(options)
      checked.signal?.throwIfAborted()
      return new HeapDiff(STARTED, await takeStock(checked), checked)
    }

    /** Takes the second snapshot and compares, now. */
    end () {
      const before = this.#take()
      return heapDiffShape(sound(before.compareSync(takeStockNow())))
    }

    /**
     * As `end`, and what is not V8's part is done on another thread.
     * @param {object} [options] as for `start`, whose options it otherwise goes by
     */
    async finish (options) {
      const checked = options === undefined ? this.#options : readHeapDiffOptions(options)
      const before = this.#take()
      try {
        checked.signal?.throwIfAborted()
        const after = await takeStock(checked)
        return heapDiffShape(await runWork(binding, checked, (work) => before.compare(after, work)))
      } finally {
        before.release()
      }
    }

    #take () {
      const before = this.#before
      if (before === null) throw createError('ERR_TIDEMARK_HEAP_DIFF_ENDED')
      this.#before = null
      return before
    }
  }

  return HeapDiff
}

module.exports = { createHeapDiff }
