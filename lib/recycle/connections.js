'use strict'

const net = require('node:net')
const { performance } = require('node:perf_hooks')
const { setTimeout: wait } = require('node:timers/promises')

const LOOK_MS = 50

/**
 * The connections of servers, and how they come to an end without a request that fails.
 *
 * A client that keeps its connection may send the next request at any moment, also while the server closes
 * what looks idle: that request fails. So a connection is closed by an answer that says so (`Connection:
 * close`), and without one only when nothing has come over it for `idleMs`.
 */
class Connections {
  #servers
  #idleMs
  /** Answers that are not complete. */
  #inFlight = new Set()
  #isDraining = false
  /** When a client was last left with a connection that it may use again. */
  #keptAt = 0

  /**
   * @param {import('node:http').Server[]} servers
   * @param {number} idleMs
   */
  constructor (servers, idleMs) {
    this.#servers = servers
    this.#idleMs = idleMs
    for (const server of servers) server.prependListener('request', this.#onRequest)
  }

  /** Whether there are servers, and somebody else has closed them all. */
  get areClosed () {
    return this.#servers.length > 0 && this.#servers.every(({ listening }) => !listening)
  }

  /** Lets go of the servers. */
  release () {
    for (const server of this.#servers) server.off('request', this.#onRequest)
  }

  /**
   * Takes no new connections and ends those that are open.
   * @param {number} mostMs
   * @returns {Promise<number>} requests that were not answered by then
   */
  async drain (mostMs) {
    this.#isDraining = true
    const beganAt = this.#keptAt = performance.now()
    for (const response of this.#inFlight) sayClose(response)
    const open = new Set(this.#servers.filter(({ listening }) => listening))
    for (const server of open) {
      server.once('close', () => {
        open.delete(server)
        // The app's own end closes it again, and may take an error for a reason to stop halfway.
        server.close = closeClosed
      })
      // http's own `close()` also ends what looks idle, with the request that is on its way.
      net.Server.prototype.close.call(server)
    }
    while ((open.size > 0 || this.#inFlight.size > 0) && performance.now() - beganAt < mostMs) {
      await wait(LOOK_MS)
      this.#closeIdle()
    }
    return this.#inFlight.size
  }

  #onRequest = (request, response) => {
    this.#inFlight.add(response)
    if (this.#isDraining) sayClose(response)
    response.once('close', () => {
      this.#inFlight.delete(response)
      if (this.#isDraining && isKept(response)) this.#keptAt = performance.now()
    })
  }

  #closeIdle () {
    if (performance.now() - this.#keptAt < this.#idleMs) return
    for (const server of this.#servers) server.closeIdleConnections()
  }
}

/** `close()` of a server that was closed before, without ERR_SERVER_NOT_RUNNING. @this {import('node:net').Server} */
function closeClosed (callback) {
  if (typeof callback === 'function') process.nextTick(callback)
  return this
}

/** An answer that has begun says nothing more: the next one over its connection does. */
function sayClose (response) {
  if (!response.headersSent) response.setHeader('Connection', 'close')
}

/** `shouldKeepAlive` is true also of an answer whose header says otherwise. */
function isKept (response) {
  return response.shouldKeepAlive && String(response.getHeader('Connection')).toLowerCase() !== 'close'
}

module.exports = { Connections }
