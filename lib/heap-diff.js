'use strict'

const { createError } = require('./errors')
const { withDescriptors } = require('./spare-descriptor')

// What reads a heap is loaded with the first HeapDiff, which may come when the app has leaked all descriptors.
const options = () => withDescriptors(() => require('./analysis/options'))
const work = () => withDescriptors(() => require('./analysis/work'))
const readForce = (given) => options().readForce(given)
const readHeapDiffOptions = (given) => options().readHeapDiffOptions(given)
/** @type {typeof import('./analysis/work').runWork} */
const runWork = (...args) => work().runWork(...args)
const resultOf = (answer) => work().resultOf(answer)
const readThisHeap = (take) => withDescriptors(() => require('./snapshot/this-heap')).readThisHeap(take)
const heapDiffShape = (stock) => withDescriptors(() => require('./heap-diff/shape')).heapDiffShape(stock)

/** Tells `start` from an application that gives the constructor arguments. */
const STARTED = Symbol('started')

/**
 * memwatch's HeapDiff for one isolate.
 * @param {typeof import('../binding')} binding the native module
 * @param {(work: () => void) => void} unjudged runs what makes V8 collect, kept from the verdict
 */
function createHeapDiff (binding, unjudged) {
  /** @param {{force?: boolean}} options @throws ERR_TIDEMARK_SNAPSHOT_REFUSED where the memory may not suffice: V8 would end the process */
  function checkMemory ({ force }) {
    // Only who makes a HeapDiff needs it.
    const guard = withDescriptors(() => require('./snapshot/guard'))
    guard.checkMemory(binding, { force }, { forks: false, parses: true, fileInMemory: false })
  }

  function read (maxMemory) {
    const reader = new binding.SnapshotReader(maxMemory)
    unjudged(() => readThisHeap((chunk) => reader.feed(chunk)))
    return reader
  }

  function takeStockNow () {
    return resultOf(read().takeStockSync())
  }

  function takeStock (options) {
    const reader = read(options.maxMemory)
    return runWork(binding, options, (work) => reader.takeStock(work))
  }

  /** What was allocated and freed between two snapshots of this heap. */
  class HeapDiff {
    /** What the first snapshot found, or null when it is over. */
    #before
    /** @type {Record<string, any>} */
    #options = readHeapDiffOptions()

    /**
     * Takes the first snapshot; the process stands still for as long as that takes.
     * @param {{force?: boolean} | typeof STARTED} [options]
     * @param {Record<string, any>} [startedWith] with STARTED: the options, and what the first snapshot found
     * @param {import('../binding').HeapInventory | null} [before]
     */
    constructor (options, startedWith, before) {
      if (options === STARTED) {
        this.#options = /** @type {Record<string, any>} */ (startedWith)
        this.#before = before
        return
      }
      this.#options = readForce(options)
      checkMemory(this.#options)
      this.#before = takeStockNow()
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
      checkMemory(checked)
      return new HeapDiff(STARTED, checked, await takeStock(checked))
    }

    /**
     * Takes the second snapshot and compares, now.
     * @param {{force?: boolean}} [options] instead of the first ones
     */
    end (options) {
      const before = this.#take(options === undefined ? this.#options : readForce(options))
      return heapDiffShape(resultOf(before.compareSync(takeStockNow())))
    }

    /**
     * As `end`, and what is not V8's part is done on another thread.
     * @param {object} [options] as for `start`, whose options it otherwise goes by
     */
    async finish (options) {
      const checked = options === undefined ? this.#options : readHeapDiffOptions(options)
      const before = this.#take(checked)
      try {
        checked.signal?.throwIfAborted()
        const after = await takeStock(checked)
        return heapDiffShape(await runWork(binding, checked, (work) => before.compare(after, work)))
      } finally {
        before.release()
      }
    }

    /** Where memory is short now it stays as it is, and can be ended later. */
    #take (options) {
      const before = this.#before
      if (before === null) throw createError('ERR_TIDEMARK_HEAP_DIFF_ENDED')
      checkMemory(options)
      this.#before = null
      return before
    }
  }

  return HeapDiff
}

module.exports = { createHeapDiff }
