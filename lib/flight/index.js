'use strict'

const path = require('node:path')
const { clearInterval, setInterval } = require('node:timers')
const { isMainThread, threadId } = require('node:worker_threads')
const { messageOf, sentence } = require('../errors')
const { heapLimitTakenBy } = require('../heap-limit')
const { followLeaks } = require('../publish')
const { readIdentity } = require('./identity')
const { leakText } = require('./leak-text')
const { previousPayload } = require('./previous')

/** How often the native side is asked whether it has looked through the directory. */
const SEARCH_LOOK_MS = 200
/** How long `stop()` waits for that, at most: it takes milliseconds, and what it has found is told to nobody else. */
const SEARCH_WAIT_MS = 200

/**
 * The flight recorder of this thread: what is known of it goes into the file of its process, which outlives
 * it. Samples and states go there on the native side, without JavaScript; here is added what only
 * JavaScript knows, who the process is and what it was told of leaks.
 */
class FlightRecorder {
  #binding
  #monitor
  #native
  #options
  #onPrevious
  /** @type {import('../../binding').Flight | null} */
  #flight = null
  /** @type {string | null} */
  #file = null
  /** @type {string | undefined} */
  #problem
  /** @type {string | undefined} */
  #unheard
  #search
  #isSearched = false
  #unfollow = () => {}
  #atExit = (code) => this.#safely(() => this.#exits(code))

  /**
   * @param {object} means
   * @param {object} means.binding
   * @param {object} means.monitor whose leaks are recorded
   * @param {object} means.native its native side
   * @param {Record<string, any>} means.options
   * @param {(previous: object) => void} means.onPrevious hears once what became of the last run
   */
  constructor ({ binding, monitor, native, options, onPrevious }) {
    this.#binding = binding
    this.#monitor = monitor
    this.#native = native
    this.#options = options
    this.#onPrevious = onPrevious
  }

  get problems () {
    return [this.#problem, this.#unheard].filter((problem) => problem !== undefined).map((problem) => `\`recorder\`: ${sentence(problem)}`)
  }

  /** @returns {string | null} as of the last look: asking the native side takes what became of the last run */
  get file () {
    return this.#file
  }

  start () {
    const { recorder: { directory, keep }, memoryLimit } = this.#options
    try {
      const { service, script, identity } = readIdentity()
      this.#flight = new this.#binding.Flight(this.#native, {
        directory: path.resolve(directory),
        service,
        script,
        identity: JSON.stringify(identity),
        memoryLimit,
        keepFiles: keep.files,
        keepDays: keep.days,
        threadId
      })
    } catch (error) {
      this.#problem = messageOf(error)
      return
    }
    const lacks = heapLimitTakenBy() === undefined ? this.#native.watchHeapLimit(!isMainThread) : undefined
    if (lacks) this.#unheard = `V8's question for a higher heap limit is not heard: ${lacks}.`
    this.#unfollow = followLeaks(this.#monitor, (chapter, details) => this.#follow(chapter, details))
    // A worker thread ends without the process.
    if (isMainThread) process.once('exit', this.#atExit)
    this.#search = setInterval(() => this.#safely(() => this.tick()), SEARCH_LOOK_MS)
    this.#search.unref?.()
  }

  tick () {
    if (this.#flight === null) return
    const { path: file, problem, searched, previous } = this.#flight.look()
    this.#file = file ?? null
    this.#problem = problem ?? undefined
    if (searched) {
      this.#isSearched = true
      clearInterval(this.#search)
    }
    // Not within `start()`, where nobody may listen yet.
    if (previous) process.nextTick(this.#onPrevious, previousPayload(JSON.parse(previous)))
  }

  stop () {
    this.#safely(() => this.#endSearch())
    clearInterval(this.#search)
    process.off('exit', this.#atExit)
    this.#unfollow()
    this.#flight = null
  }

  #follow (chapter, details) {
    if (chapter === 'health') this.#flight?.setHealth(details.state)
    if (chapter === 'reported' || chapter === 'evidence') {
      this.#flight?.leak(leakText({ time: new Date(), ...details }, this.#binding.flightRoom()))
    }
  }

  /** A preload's session ends as soon as the app starts its own. */
  #endSearch () {
    const sleeper = new Int32Array(new SharedArrayBuffer(4))
    for (let waited = 0; this.#flight !== null && !this.#isSearched && waited <= SEARCH_WAIT_MS; waited += 10) {
      this.tick()
      if (!this.#isSearched) Atomics.wait(sleeper, 0, 0, 10)
    }
  }

  /** What Node.js calls and not the app: a bug of ours, or a file that somebody made, must not end it. */
  #safely (action) {
    try {
      action()
    } catch (error) {
      this.#problem = messageOf(error)
    }
  }

  #exits (code) {
    // What the directory says may have come a moment ago.
    this.tick()
    this.#flight?.exit(code)
  }
}

module.exports = { FlightRecorder }
