'use strict'

const { performance } = require('node:perf_hooks')
const { isMainThread } = require('node:worker_threads')
const { messageOf, sentence } = require('./errors')
const { heapLimitTakenBy } = require('./heap-limit')
const { followLeaks } = require('./publish')

/** Stand for what only the moment of V8's question knows; src/flight/last_words.rs puts it in. */
const SENTENCE = '{{v8:sentence}}'
const OBJECT = '{{v8:object}}'

/** Milliseconds after which what is prepared is made anew, though nothing was reported: sizes and the chart have grown old. */
const OLD_MS = 30000

/** After one of these, more is known. */
const NEWS = ['reported', 'evidence', 'recovered', 'health']

/**
 * At the limit of V8's heap JavaScript does not run any more. So what is to be said then is written into native memory
 * before, again and again, and a native thread puts it on the disk.
 */
class LastWords {
  #monitor
  #native
  #speakers
  #unfollow = () => {}
  #preparedAt = -Infinity
  #problem

  /**
   * @param {object} monitor
   * @param {object} native its native side
   * @param {{lastWords (marks: {sentence: string, object: string}): {path: string, text: string, inPlace: boolean}[]}[]} speakers
   *   each says which files it would write then
   */
  constructor (monitor, native, speakers) {
    this.#monitor = monitor
    this.#native = native
    this.#speakers = speakers
  }

  get problems () {
    return this.#problem === undefined ? [] : [`\`reportNearHeapLimit\`: ${this.#problem}`]
  }

  start () {
    const taken = heapLimitTakenBy()
    if (taken !== undefined) {
      this.#problem = `it does nothing, because Node.js's own ${taken} is on.`
      return
    }
    const lacks = this.#native.watchHeapLimit(!isMainThread)
    if (lacks) {
      this.#problem = `it does nothing: ${lacks}.`
      return
    }
    this.#unfollow = followLeaks(this.#monitor, (...[chapter]) => { if (NEWS.includes(chapter)) this.#prepare() })
    // The app may fill its heap before the event loop turns.
    this.#prepare()
  }

  tick () {
    if (performance.now() - this.#preparedAt > OLD_MS) this.#prepare()
  }

  stop () {
    this.#unfollow()
  }

  #prepare () {
    if (this.#problem !== undefined) return
    this.#preparedAt = performance.now()
    try {
      this.#native.prepareLastWords(this.#speakers.flatMap((speaker) => speaker.lastWords({ sentence: SENTENCE, object: OBJECT })))
    } catch (error) {
      this.#problem = sentence(messageOf(error))
      this.#unfollow()
    }
  }
}

module.exports = { LastWords }
