'use strict'

const { performance } = require('node:perf_hooks')
const { setTimeout: wait } = require('node:timers/promises')
const { messageOf } = require('../../errors')
const { memoryInUse } = require('../memory-in-use')
const { toFindings } = require('./finding')

/** Milliseconds between the two captures, and the share of the time left that they may take where that is less. */
const INTERVAL_MS = 30000
const INTERVAL_SHARE = 1 / 2

/** Milliseconds after two captures before a thread takes two more, because each stops it for a moment. */
const REST_MS = 600000

/** Milliseconds that one capture may take, all tries together. */
const CAPTURE_MS = 120000

/** Bytes of memory that the analysis takes for each byte of both files. */
const NEED_PER_BYTE = 1.2

/** What a heap snapshot shows. */
const CHANNELS = ['heap', 'external']

/** Milliseconds that a fork stops the thread: a fixed part, and a part by the memory in use, as the last fork took. */
const FORK_MS = 10
let forkMsPerGb = 45

/** Of this thread, also when its monitor is stopped and started again. */
let begunAt = -Infinity

/**
 * The ladder's top rung: two heap snapshots by fork after a leak was told, and out of them who holds
 * what grew. Refused, with a problem that says why, where the guard of the snapshots refuses.
 *
 * An `EvidenceSource`, see `suspect.js`.
 */
class RetainerEvidence {
  /** Milliseconds that this thread stood still for the captures. */
  cost = { durationMs: 0 }
  problems = []
  #snapshots
  #pauses
  #memoryLimit
  /** @type {Promise<void> | null} */
  #work = null
  /** @type {(() => void) | null} */
  #cancel = null
  #findings = []
  #foundAt = -Infinity

  /**
   * @param {{
   *   capture (options: object): Promise<{path: string, bytes: number, pauseMs: number, close (): Promise<void>}>,
   *   compare (before: string, after: string, options: {signal: AbortSignal}): Promise<object[]>,
   *   checkHeadroom (options: object, need: number): void
   * }} snapshots
   * @param {import('../sources').Means} [means]
   */
  constructor (snapshots, { memoryLimit, pauses } = {}) {
    this.#snapshots = snapshots
    this.#pauses = pauses
    this.#memoryLimit = memoryLimit
  }

  /** Whether findings are still to come. */
  get isPending () {
    return this.#work !== null
  }

  /**
   * The app was told of a leak.
   * @param {string} channel
   * @param {number} timeLeftMs until a limit is reached
   */
  reported (channel, timeLeftMs) {
    const now = performance.now()
    if (this.isPending || !CHANNELS.includes(channel) || now - begunAt < REST_MS) return
    const expectedMs = FORK_MS + memoryInUse() / 1e9 * forkMsPerGb
    if (this.#pauses?.allow('Who holds what leaks was not looked for in heap snapshots', expectedMs) === false) return
    begunAt = now
    this.#findings = []
    const controller = new AbortController()
    const work = this.#look(controller.signal, Math.min(INTERVAL_MS, timeLeftMs * INTERVAL_SHARE))
      .catch((error) => { if (!controller.signal.aborted) this.#problem(error) })
      .finally(() => { if (this.#work === work) this.#work = null })
    this.#work = work
    this.#cancel = () => controller.abort()
  }

  start () {}

  tick () {}

  stop () {
    this.#cancel?.()
    this.#cancel = null
  }

  /**
   * @param {string} channel whose leak is to be explained
   * @returns {Promise<import('../suspect').Finding[]>}
   */
  async findings (channel) {
    return CHANNELS.includes(channel) && performance.now() - this.#foundAt < REST_MS ? this.#findings : []
  }

  async #look (signal, intervalMs) {
    const first = await this.#capture(signal)
    try {
      const takenAt = performance.now()
      await wait(intervalMs, undefined, { signal, ref: false })
      const second = await this.#capture(signal)
      try {
        this.#snapshots.checkHeadroom({ memoryLimit: this.#memoryLimit }, (first.bytes + second.bytes) * NEED_PER_BYTE)
        const elapsedMs = performance.now() - takenAt
        this.#findings = toFindings(await this.#snapshots.compare(first.path, second.path, { signal }), elapsedMs)
        this.#foundAt = performance.now()
      } finally {
        await second.close()
      }
    } finally {
      await first.close()
    }
  }

  async #capture (signal) {
    const snapshot = await this.#snapshots.capture({ signal, memoryLimit: this.#memoryLimit, timeoutMs: CAPTURE_MS })
    this.cost.durationMs += snapshot.pauseMs
    forkMsPerGb = Math.max(0, snapshot.pauseMs - FORK_MS) / memoryInUse() * 1e9
    return snapshot
  }

  #problem (error) {
    const text = `Who holds what leaks was not looked for. ${messageOf(error)}`
    if (!this.problems.includes(text) && this.problems.length < 10) this.problems.push(text)
  }
}

module.exports = { RetainerEvidence }
