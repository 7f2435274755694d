'use strict'

const { performance } = require('node:perf_hooks')
const { openInspector, debuggerProblem } = require('../inspector')
const { PausePerHeap } = require('../../pauses')

/** The one that samples in this thread: V8 has one sampling heap profiler per isolate. */
let active = /** @type {Sampler | null} */ (null)

/** The full GC that V8 has before a profile where the inspector began the sampling. */
const collecting = new PausePerHeap(5, 0.65)
/** Milliseconds for one sample that is alive, to read a profile: 1 to 5 us by the Node.js. More is the turn of another process. */
const MS_PER_SAMPLE = 0.005
/** Samples of a second that are expected to be alive at the first profile: a quarter of all. */
const FIRST_ALIVE_PER_SECOND = 250
/** Fewer samples than this do not tell what one takes. */
const FEWEST_MEASURED = 1000

/**
 * V8's sampling heap profiler. About every `intervalBytes` of allocation one object is remembered
 * with its stack for as long as it lives; what a profile shows is what is left of them.
 */
class Sampler {
  #session
  #yields
  #startedAt = performance.now()
  /** What its own calls took of this thread, milliseconds; sampling itself is within V8. */
  durationMs = 0
  intervalBytes
  /** What stops the sampling where V8 began it, without the inspector: then no profile costs a GC. */
  #binding
  /** Of the last profile: how many samples were alive, at what age, and how long one took to be read. */
  #last = { samples: FIRST_ALIVE_PER_SECOND, ageMs: 1000, msPerSample: MS_PER_SAMPLE }

  /**
   * @param {number} intervalBytes between two samples, on average
   * @param {{yields?: () => void, binding?: object}} [options] `yields` is called when another sampler of tidemark takes
   *   over; without it a sampler does not give way. `binding`: profiles without a GC, which also hold
   *   what died since the last full GC
   * @returns {{sampler: Sampler, problem?: undefined} | {sampler?: undefined, problem: string, busy: boolean, ours: boolean}}
   *   `busy` where it may work later, `ours` where tidemark itself is in the way
   */
  static start (intervalBytes, { yields, binding } = {}) {
    const startedAt = performance.now()
    const { session, refusal } = open()
    if (session === undefined) return refusal
    try {
      const how = begin(session, intervalBytes, binding)
      if (how === undefined) {
        session.close()
        return unavailable("The app uses V8's sampling heap profiler itself.", true).refusal
      }
      const sampler = new Sampler(session, intervalBytes, yields, how.binding)
      active = sampler
      sampler.durationMs = performance.now() - startedAt
      return { sampler }
    } catch (error) {
      session.close()
      return unavailable(error.message, false).refusal
    }
  }

  /** Use `Sampler.start()`. */
  constructor (session, intervalBytes, yields, binding) {
    this.#session = session
    this.#yields = yields
    this.intervalBytes = intervalBytes
    this.#binding = binding
  }

  /** Milliseconds since it began. */
  get ageMs () {
    return performance.now() - this.#startedAt
  }

  get gives () {
    return this.#yields !== undefined
  }

  /** Why it cannot go on, or undefined. Lets go of what the inspector keeps of `console`'s messages. */
  check () {
    this.#session.forgetConsole()
    return debuggerProblem()
  }

  /** Whether each profile costs a full GC, and shows what is alive at that moment. */
  get collects () {
    return this.#binding === undefined
  }

  /** Milliseconds for which `take()` would stop the event loop. Samples that stay are as many as they are old. */
  get expectedMs () {
    const { samples, ageMs, msPerSample } = this.#last
    return samples * this.ageMs / ageMs * msPerSample + (this.collects ? collecting.expectedMs : 0)
  }

  /**
   * What is alive of the samples. Where it `collects`, V8 does so first: about a second per GB of live heap.
   * @returns {{head: import('./stacks').ProfileNode, samples: {size: number, nodeId: number, ordinal: number}[]}} sizes are
   *   estimates of what the sample stands for, as V8 scales them; ordinals count samples in the order
   *   of allocation
   * @throws {Error} when somebody else stopped the profiler
   */
  take () {
    const startedAt = performance.now()
    const { profile } = this.#session.post('HeapProfiler.getSamplingProfile')
    const tookMs = performance.now() - startedAt
    this.durationMs += tookMs
    this.#note(profile.samples.length, tookMs)
    return profile
  }

  #note (samples, tookMs) {
    if (this.collects) collecting.took(tookMs - samples * MS_PER_SAMPLE)
    const msPerSample = this.collects || samples < FEWEST_MEASURED ? MS_PER_SAMPLE : Math.min(MS_PER_SAMPLE, tookMs / samples)
    this.#last = { samples, ageMs: Math.max(1, this.ageMs), msPerSample }
  }

  /** Ends the session and the sampling with it, without the GC that `stopSampling` would cost. */
  stop () {
    if (active === this) active = null
    this.#binding?.stopSampling()
    this.#binding = undefined
    this.#session.close()
  }

  /** Another sampler of tidemark takes over. */
  yield () {
    this.stop()
    this.#yields?.()
  }
}

function open () {
  if (active !== null && !active.gives) return unavailable('Another profile of tidemark is being taken.', true, true)
  const flag = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)].find((text) => /^--heap[-_]prof(?:=|$)/.test(text))
  if (flag !== undefined) return unavailable(`The app was started with ${flag}, which uses the heap profiler.`, true)
  active?.yield()
  const { session, problem } = openInspector()
  return session === undefined ? unavailable(problem, false) : { session }
}

/**
 * Where there is a binding, by V8's own function.
 * @returns {{binding?: object} | undefined} what it was begun by; undefined where somebody samples already
 */
function begin (session, intervalBytes, binding) {
  const started = binding?.startSampling(intervalBytes) ?? undefined
  if (started !== undefined) return started ? { binding } : undefined
  if (isSampling(session)) return undefined
  session.post('HeapProfiler.startSampling', { samplingInterval: intervalBytes })
  return {}
}

function unavailable (problem, busy, ours = false) {
  return { refusal: { problem, busy, ours } }
}

/** V8 answers with a profile only where somebody samples, at the price of one; elsewhere it refuses, and that costs nothing. */
function isSampling (session) {
  try {
    session.post('HeapProfiler.getSamplingProfile')
    return true
  } catch {
    return false
  }
}

module.exports = { Sampler }
