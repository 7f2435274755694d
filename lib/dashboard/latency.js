'use strict'

const { channel } = require('node:diagnostics_channel')
const { performance } = require('node:perf_hooks')
const { Histogram } = require('../express/histogram')

/** On a response: when its request began. Lives and dies with it. */
const BEGAN = Symbol('tidemark.began')

/** How long the http servers of this thread take to answer, whatever framework they run. */
class Latency {
  #histogram = new Histogram()
  #before = this.#histogram.counts.slice()
  #ended = 0
  // A channel must not throw into the server, so what a strange response throws ends here.
  /** Node.js's types do not know what it publishes. @type {Record<string, (message: any) => void>} */
  #channels = {
    'http.server.request.start': ({ response }) => {
      try {
        response[BEGAN] = performance.now()
      } catch {}
    },
    'http.server.response.finish': ({ response }) => {
      try {
        if (response[BEGAN] === undefined) return
        this.#histogram.record(performance.now() - response[BEGAN])
        this.#ended++
      } catch {}
    }
  }

  start () {
    // Not subscribe(): Node.js 18 has it from 18.7 on.
    for (const [name, onMessage] of Object.entries(this.#channels)) channel(name).subscribe(onMessage)
  }

  stop () {
    for (const [name, onMessage] of Object.entries(this.#channels)) channel(name).unsubscribe(onMessage)
  }

  /** Of the requests that have ended since it was asked last. @returns {{ended: number, p99Ms: number | null}} */
  look () {
    const ended = this.#ended
    const [p99Ms] = this.#histogram.quantiles([0.99], this.#before)
    this.#ended = 0
    this.#before = this.#histogram.counts.slice()
    return { ended, p99Ms }
  }
}

/** A response that takes as long as somebody looks at it says nothing of the server. */
function uncounted (res) {
  res[BEGAN] = undefined
}

module.exports = { Latency, uncounted }
