'use strict'

const { performance } = require('node:perf_hooks')
const { setTimeout: wait } = require('node:timers/promises')
const { messageOf } = require('../../errors')
const { AllocationRate, intervalFor, MOST_INTERVAL } = require('./allocation-rate')
const { toFindings } = require('./finding')
const { SETTLED, growthBySite } = require('./growth')
const { Sampler } = require('./sampler')
const { Stacks } = require('./stacks')

/** The first profile comes with a full GC that happened anyway, from the one on, at the latest at the other. */
const FIRST_AFTER_MS = 8000
const FIRST_UNTIL_MS = 14000

/** Where V8 collects for a profile: what is missing when that takes too long. */
const WITHOUT_PROFILES = 'Allocation sites are not named'

/** Milliseconds that a requested full GC is waited for before a profile, and between two checks for it. */
const SETTLE_MS = 1500
const LOOK_MS = 50
/** What was sampled since the last full GC does not count; where that is nearly all, a part of it does. */
const LEAST_SETTLED = 1 / 4

/** A profile that takes nearly what it may is the last of its sampling: a coarser one begins. */
const NEARLY = 0.7
const COARSER = 4

/** Two questions within this time have one answer. */
const FRESH_MS = 5000

/** Milliseconds of sampling at most, and of the first pause after it, which doubles each time. */
const MOST_MS = 5 * 60 * 1000
const PAUSE_MS = 10 * 60 * 1000

/**
 * The rate is measured again every so often. The sampling begins anew where it is too coarse by
 * much, while there is little to lose, and where it was too fine by much twice.
 */
const MEASURE_EVERY_MS = 10000
const MUCH = 4
const EARLY_MS = 12000

/** @typedef {InstanceType<typeof Sampler>} Sampling */

/**
 * Which code allocates what stays: V8's sampling heap profiler, from a suspicion until it ends. Two
 * profiles, one early and one when somebody asks, tell what has stayed from what only passes.
 * An `EvidenceSource`, see `suspect.js`.
 */
class SiteEvidence {
  cost = { durationMs: 0 }
  #means
  #rate
  #startSampler
  /** @type {Sampling | null} */
  #sampler = null
  #stacks = new Stacks()
  /** @type {import('./growth').Profile | null} */
  #first = null
  /** @type {number | null} */
  #fullGcs = null
  #measuredAt = 0
  #timesTooFine = 0
  /** While it pauses, and how long it paused last. */
  #resumeAt = Infinity
  #pauseMs = PAUSE_MS / 2
  /** @type {Promise<void> | null} */
  #finding = null
  /** @type {{at: number, findings: import('../suspect').Finding[]}} */
  #answer = { at: -Infinity, findings: [] }
  #problems = new Set()

  /**
   * @param {import('../sources').Means} [means]
   * @param {{rate: {measure (done: Function): void, stop (): void}, startSampler: typeof Sampler.start}} [profiler]
   */
  constructor (means = {}, { rate, startSampler } = { rate: new AllocationRate(), startSampler: Sampler.start }) {
    this.#means = means
    this.#rate = rate
    this.#startSampler = startSampler
  }

  get problems () {
    return [...this.#problems]
  }

  start () {
    this.#answer = { at: -Infinity, findings: [] }
    this.#pauseMs = PAUSE_MS / 2
    this.#begin()
  }

  /**
   * @param {number} now milliseconds, monotonic
   * @param {{fullGcs: number, level: number | undefined}} sample
   */
  tick (now, { fullGcs }) {
    const collected = this.#fullGcs !== null && fullGcs > this.#fullGcs
    this.#fullGcs = fullGcs
    if (now >= this.#resumeAt) this.#begin()
    if (this.#sampler === null) return
    const problem = this.#sampler.check()
    if (problem !== undefined) this.#end(problem)
    else if (this.#sampler.ageMs >= MOST_MS) this.#pause(now)
    else this.#observe(collected)
  }

  stop () {
    this.#resumeAt = Infinity
    this.#end()
  }

  /** @returns {Promise<import('../suspect').Finding[]>} what was found last, where it does not sample now */
  async findings () {
    const isFresh = performance.now() - this.#answer.at < FRESH_MS
    // What was found before the sampling began anew says more than what begins.
    const isYoung = this.#answer.findings.length > 0 && this.#sampler !== null && this.#sampler.ageMs < EARLY_MS
    if (this.#sampler !== null && !isFresh && !isYoung) await this.#find()
    return this.#answer.findings
  }

  /** Measures how fast the app allocates, then samples as often as that can afford. */
  #begin () {
    this.#end()
    this.#resumeAt = Infinity
    this.#rate.measure((bytesPerSecond) => this.#sample(intervalFor(bytesPerSecond)))
  }

  #sample (intervalBytes) {
    this.#end()
    const startedAt = performance.now()
    const { binding } = this.#means
    const { sampler, problem, ours } = this.#startSampler(intervalBytes, { yields: () => this.#yielded(), binding })
    this.#sampler = sampler ?? null
    if (ours) this.#resumeAt = 0
    else if (problem !== undefined) this.#problems.add(sentence(problem))
    this.#stacks = new Stacks()
    this.#first = null
    this.#timesTooFine = 0
    this.#measuredAt = performance.now()
    this.cost.durationMs += this.#measuredAt - startedAt
  }

  #observe (collected) {
    const { ageMs, expectedMs, intervalBytes } = /** @type {Sampling} */ (this.#sampler)
    const ripe = ageMs >= FIRST_UNTIL_MS || (collected && ageMs >= FIRST_AFTER_MS)
    if (this.#first === null && ripe) this.#takeFirst()
    else if (this.#first !== null && expectedMs > this.#means.pauses?.mostMs * NEARLY) this.#findAndSample(Math.min(MOST_INTERVAL, intervalBytes * COARSER))
    if (this.#sampler === null || performance.now() - this.#measuredAt < MEASURE_EVERY_MS) return
    this.#measuredAt = performance.now()
    this.#rate.measure((bytesPerSecond) => this.#adapt(intervalFor(bytesPerSecond)))
  }

  /** Only its samples: the stacks are read, and the tree is large. */
  #takeFirst () {
    const profile = this.#take()
    if (profile !== null) this.#first = { samples: profile.samples, settled: profile.settled }
  }

  #adapt (intervalBytes) {
    if (this.#sampler === null) return
    const { intervalBytes: current, ageMs } = this.#sampler
    const tooFine = intervalBytes >= current * MUCH
    const tooCoarse = intervalBytes * MUCH <= current && ageMs < EARLY_MS
    this.#timesTooFine = tooFine ? this.#timesTooFine + 1 : 0
    if (this.#timesTooFine > 1) this.#findAndSample(intervalBytes)
    else if (tooCoarse) this.#sample(intervalBytes)
  }

  /** Nobody waits for it. */
  #findAndSample (intervalBytes) {
    const sampler = this.#sampler
    this.#find()
      .then(() => { if (this.#sampler === sampler) this.#sample(intervalBytes) })
      .catch((error) => this.#problems.add(sentence(messageOf(error))))
  }

  #find () {
    this.#finding ??= this.#findNow().finally(() => { this.#finding = null })
    return this.#finding
  }

  async #findNow () {
    await this.#settle()
    const sampler = this.#sampler
    const profile = sampler === null ? null : this.#take()
    if (sampler === null || profile === null) return
    const startedAt = performance.now()
    const growths = growthBySite(this.#stacks, this.#first, profile)
    this.#answer = { at: startedAt, findings: toFindings(growths, this.#stacks, sampler.ageMs) }
    this.cost.durationMs += performance.now() - startedAt
  }

  /** Where most was sampled since the last full GC, one is asked for: what died since then still looks alive. */
  async #settle () {
    const sampler = this.#sampler
    const { collect, sinceFullGc } = this.#means
    if (this.#settledShare() >= SETTLED || !collect?.()) return
    const askedAt = performance.now()
    for (let waitedMs = 0; waitedMs < SETTLE_MS && this.#sampler === sampler; waitedMs = performance.now() - askedAt) {
      await wait(LOOK_MS, undefined, { ref: false })
      if (sinceFullGc() < performance.now() - askedAt) return
    }
  }

  /** Of what was sampled so far, what was sampled before the last full GC, or counts as such. */
  #settledShare () {
    const { sinceFullGc } = this.#means
    const sampler = /** @type {Sampling} */ (this.#sampler)
    if (sampler.collects !== false || sinceFullGc === undefined) return SETTLED
    return Math.min(SETTLED, Math.max(LEAST_SETTLED, 1 - sinceFullGc() / sampler.ageMs))
  }

  /** @returns {(ReturnType<Sampling['take']> & {settled: number}) | null} a profile; null where it would take too long, or somebody else stopped the profiler, which ends it here too */
  #take () {
    const sampler = /** @type {Sampling} */ (this.#sampler)
    const { expectedMs } = sampler
    if (this.#means.pauses?.allow(WITHOUT_PROFILES, expectedMs) === false) return null
    const startedAt = performance.now()
    try {
      const settled = this.#settledShare()
      const profile = sampler.take()
      this.#stacks.read(profile)
      return { ...profile, settled }
    } catch {
      this.#end('Somebody else stopped the heap profiler.')
      return null
    } finally {
      this.cost.durationMs += performance.now() - startedAt
    }
  }

  #pause (now) {
    this.#end()
    this.#pauseMs *= 2
    this.#resumeAt = now + this.#pauseMs
  }

  /** `tidemark.profile()` took the profiler; a later tick tries again. */
  #yielded () {
    this.#sampler = null
    this.#pauseMs = PAUSE_MS / 2
    this.#resumeAt = 0
  }

  #end (problem) {
    this.#rate.stop()
    if (problem !== undefined) this.#problems.add(sentence(problem))
    const sampler = this.#sampler
    this.#sampler = null
    sampler?.stop()
  }
}

function sentence (problem) {
  return `Allocation sites are not sampled: ${problem.charAt(0).toLowerCase()}${problem.slice(1)}`
}

module.exports = { SiteEvidence }
