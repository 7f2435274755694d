'use strict'

const { performance } = require('node:perf_hooks')
const { openInspector, debuggerProblem } = require('../inspector')

/** The one that samples in this thread: V8 has one sampling heap profiler per isolate. */
let active = null

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

  /**
   * @param {number} intervalBytes between two samples, on average
   * @param {{yields?: () => void}} [options] `yields` is called when another sampler of tidemark takes
   *   over; without it a sampler does not give way
   * @returns {{sampler: Sampler, problem?: undefined} | {sampler?: undefined, problem: string, busy: boolean, ours: boolean}}
   *   `busy` where it may work later, `ours` where tidemark itself is in the way
   */
  static start (intervalBytes, { yields } = {}) {
    const startedAt = performance.now()
    const { session, refusal } = open()
    if (session === undefined) return refusal
    try {
      const sampler = new Sampler(session, intervalBytes, yields)
      active = sampler
      sampler.durationMs = performance.now() - startedAt
      return { sampler }
    } catch (error) {
      session.close()
      return unavailable(error.message, false).refusal
    }
  }

  /** Use `Sampler.start()`. */
  constructor (session, intervalBytes, yields) {
    this.#session = session
    this.#yields = yields
    this.intervalBytes = intervalBytes
    session.post('HeapProfiler.startSampling', { samplingInterval: intervalBytes })
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

  /**
   * What is alive of the samples. V8 collects garbage for it: about a second per GB of live heap.
   * @returns {{head: object, samples: {size: number, nodeId: number, ordinal: number}[]}} sizes are
   *   estimates of what the sample stands for, as V8 scales them; ordinals count samples in the order
   *   of allocation
   * @throws {Error} when somebody else stopped the profiler
   */
  take () {
    const startedAt = performance.now()
    const { profile } = this.#session.post('HeapProfiler.getSamplingProfile')
    this.durationMs += performance.now() - startedAt
    return profile
  }

  /** Ends the session and the sampling with it, without the GC that `stopSampling` would cost. */
  stop () {
    if (active === this) active = null
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
  const flag = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)].find((text) => /^--heap[-_]prof\b/.test(text))
  if (flag !== undefined) return unavailable(`The app was started with ${flag}, which uses the heap profiler.`, true)
  active?.yield()
  const { session, problem } = openInspector()
  if (session === undefined) return unavailable(problem, false)
  if (isSampling(session)) {
    session.close()
    return unavailable("The app uses V8's sampling heap profiler itself.", true)
  }
  return { session }
}

function unavailable (problem, busy, ours = false) {
  return { refusal: { problem, busy, ours } }
}

/** V8 answers with a profile only where somebody samples; elsewhere it refuses, and that costs nothing. */
function isSampling (session) {
  try {
    session.post('HeapProfiler.getSamplingProfile')
    return true
  } catch {
    return false
  }
}

module.exports = { Sampler }
