'use strict'

const { subscribe, unsubscribe } = require('node:diagnostics_channel')

const REQUEST_START = 'http.server.request.start'

/**
 * Counts the requests of every http server of this thread: the detector's third clock, beside time
 * and allocation. The count lies in memory that the GC hook reads, so counting is one addition.
 */
class RequestClock {
  /** NaN until somebody counts: then the number of requests. */
  counter = new Float64Array([NaN])
  #onRequest = () => { this.counter[0]++ }

  start () {
    // Before Node 18.7 there is only channel.subscribe(); the channel itself is older.
    if (typeof subscribe !== 'function') return
    this.counter[0] = 0
    subscribe(REQUEST_START, this.#onRequest)
  }

  stop () {
    if (typeof unsubscribe === 'function') unsubscribe(REQUEST_START, this.#onRequest)
  }
}

module.exports = { RequestClock }
