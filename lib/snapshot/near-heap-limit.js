'use strict'

const { channel: diagnosticsChannel } = require('node:diagnostics_channel')
const path = require('node:path')
const v8 = require('node:v8')
const { isMainThread } = require('node:worker_threads')
const { createError } = require('../errors')
const format = require('../format')
const { heapLimitTakenBy } = require('../heap-limit')
const { temporaryName } = require('./file')
const { forkObstacle } = require('./fork')
const { fileSizeOf, headroom, reserveFor } = require('./guard')
const { leastNeed, objectsFor, readHeap, usualNeed } = require('./need')

const diagnostics = diagnosticsChannel('tidemark:snapshot')

const MOST_OBJECTS = 2 ** 32 - 1

/**
 * Writes one snapshot into `snapshotFolder`, or the current folder, when the heap reaches its limit, before V8 ends the
 * process: redacted, by a forked child, while the process goes on as far as there is memory. All of
 * it happens on the native side, which V8 asks in the middle of an allocation; here is said what it
 * would take, and what came of it.
 */
class SnapshotNearHeapLimit {
  #binding
  #memoryLimit
  #timeoutMs
  #folder
  #onError
  /** @type {import('../../binding').NearHeapLimit | null} */
  #native = null
  /** Why it does nothing, or would be refused now. */
  #problem
  /** How it ended was told. */
  #told = false
  #atExit = () => this.stop()

  /**
   * @param {object} binding
   * @param {{memoryLimit?: number, snapshotFolder?: string, nearHeapLimitTimeoutMs: number}} options
   * @param {(error: Error) => void} onError hears why there is no snapshot
   */
  constructor (binding, { memoryLimit, snapshotFolder = '', nearHeapLimitTimeoutMs }, onError) {
    this.#binding = binding
    this.#memoryLimit = memoryLimit
    this.#timeoutMs = nearHeapLimitTimeoutMs
    this.#folder = snapshotFolder
    this.#onError = onError
  }

  get problems () {
    return this.#problem === undefined ? [] : [this.#problem]
  }

  start () {
    if (!isMainThread) {
      this.#problem = '`snapshotNearHeapLimit` does nothing in a worker thread: only the main thread can be captured.'
      return
    }
    const obstacle = this.#obstacle()
    if (obstacle === undefined) {
      // A child that is not done when the process ends has nobody to finish its file.
      process.once('exit', this.#atExit)
    } else {
      this.#problem = `\`snapshotNearHeapLimit\` does nothing: ${obstacle}`
    }
  }

  /** The heap changes, and a child that is done wants its file to have its name. */
  tick () {
    if (this.#native === null || this.#told) return
    const looked = this.#native.look()
    if (looked === null) return
    const { state, ...look } = looked
    if (state === 'waiting') {
      this.#expect()
    } else if (state !== 'writing') {
      this.#told = true
      this.#tell(state, look)
    }
  }

  stop () {
    process.off('exit', this.#atExit)
    this.#native?.close()
    this.#native = null
  }

  #obstacle () {
    const taken = heapLimitTakenBy()
    if (taken !== undefined) return `Node.js's own ${taken} is on.`
    const refusal = forkObstacle(this.#binding, {})
    if (refusal !== undefined) return refusal.message
    const folder = path.resolve(this.#folder)
    try {
      this.#native = new this.#binding.NearHeapLimit(folder, temporaryName(folder), this.#outlook().need)
    } catch (error) {
      return `${error.message}.`
    }
  }

  /** When the limit is reached it is too late to say that there will be no snapshot. */
  #expect () {
    // A server changes its user when it has started.
    const refusal = forkObstacle(this.#binding, {})
    if (refusal !== undefined) {
      this.#problem = `\`snapshotNearHeapLimit\` would do nothing now: ${refusal.message}`
      return
    }
    const { need, usual, available, where } = this.#outlook()
    this.#native?.expect(need)
    const least = need.child + need.reserve
    const left = `and ${format.bytes(available)} are left ${where}.`
    this.#problem = least > available
      ? `\`snapshotNearHeapLimit\` would be refused now: a snapshot of the heap at its limit needs at least ${format.bytes(least)}, ${left}`
      : usual > available
        ? `\`snapshotNearHeapLimit\` may fail: a snapshot of a heap at this limit usually needs ${format.bytes(usual)}, ${left}`
        : undefined
  }

  /** What a snapshot of the heap at its limit would take, and what is left. */
  #outlook () {
    const heap = { ...readHeap(), used: v8.getHeapStatistics().heap_size_limit }
    const reserve = reserveFor(heap.used)
    const { bytes: available, where } = headroom(this.#binding, { memoryLimit: this.#memoryLimit })
    const budget = Math.min(Math.max(0, available - reserve), Number.MAX_SAFE_INTEGER)
    const usual = usualNeed(heap)
    return {
      need: {
        heap: heap.used,
        child: leastNeed(heap),
        usual,
        objects: Math.min(objectsFor(heap, budget), MOST_OBJECTS),
        budget,
        reserve,
        file: fileSizeOf(heap.used),
        memoryLimit: this.#memoryLimit,
        timeoutMs: this.#timeoutMs
      },
      usual: usual + reserve,
      available,
      where
    }
  }

  /** @param {string} state @param {Omit<import('../../binding').NearHeapLimitLook, 'state'>} look */
  #tell (state, { path, bytes, pauseMs, durationMs, need, available, place, reason, fault }) {
    if (state === 'written') {
      this.#publish({ path, method: 'fork', bytes, pauseMs, durationMs })
      return
    }
    const error = state === 'refused'
      ? Object.assign(createError('ERR_TIDEMARK_SNAPSHOT_REFUSED', [reason,
        `the heap reached its limit, a snapshot would need about ${format.bytes(Number(need))} and ${format.bytes(Number(available))} are left ${place}. ` +
        (reason === 'disk' ? 'Name a `snapshotFolder` on another one' : 'Give the process more memory')]), { need, available })
      : createError('ERR_TIDEMARK_SNAPSHOT_FAILED', ['child', `the heap reached its limit, and ${fault}`])
    this.#publish({ error })
    this.#onError(error)
  }

  #publish (message) {
    if (diagnostics.hasSubscribers) diagnostics.publish(message)
  }
}

module.exports = { SnapshotNearHeapLimit }
