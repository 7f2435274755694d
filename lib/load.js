'use strict'

const { channel } = require('node:diagnostics_channel')

/** Places of the counters. */
const REQUESTS = 0
const ENDED = 1
const CONNECTIONS = 2

/**
 * Counts the work at hand: the requests of every http server of this thread, how many of them have ended, and the
 * connections that clients have open. The detector tells by it what memory is load. The counts lie in
 * memory that the GC hook reads, so a request costs two additions, and a connection a look at each server.
 */
class Load {
  /** Requests, requests that have ended, open connections; NaN while nobody counts. */
  counters = new Float64Array(3).fill(NaN)
  /** Every server that a connection or a request was seen of, since nobody else knows them all. */
  #servers = new Set()
  #requests
  /** @type {Record<string, (message: any) => void>} Node.js's own shapes, which its types do not tell */
  #channels = {
    'net.server.socket': ({ socket }) => this.#connected(socket?.server),
    'http.server.request.start': ({ server }) => {
      this.counters[REQUESTS]++
      if (!this.#servers.has(server)) this.#connected(server)
    },
    // What was taken for cut off may end all the same, where requests of one connection wait for each other.
    'http.server.response.finish': () => { if (this.counters[ENDED] < this.counters[REQUESTS]) this.counters[ENDED]++ }
  }

  /** @param {boolean} requests whether requests are counted too */
  constructor (requests) {
    this.#requests = requests
  }

  start () {
    if (this.#requests) this.counters[REQUESTS] = this.counters[ENDED] = 0
    for (const handle of activeHandles()) this.#connected(handle)
    // Not subscribe(): Node.js 18 has it from 18.7 on.
    for (const [name, onMessage] of this.#wanted()) channel(name).subscribe(onMessage)
    this.look()
  }

  stop () {
    for (const [name, onMessage] of this.#wanted()) channel(name).unsubscribe(onMessage)
    this.#servers.clear()
  }

  /** Connections that have gone say nothing, and neither do responses that were cut off: from time to time somebody has to look. */
  look () {
    let open = 0
    for (const server of this.#servers) {
      const count = connectionsOf(server)
      open += count ?? 0
      if (count === 0 && server.listening !== true) this.#servers.delete(server)
    }
    this.counters[CONNECTIONS] = open
    // There are no more requests in flight than connections: what is beyond that was cut off.
    this.counters[ENDED] = Math.max(this.counters[ENDED], this.counters[REQUESTS] - open)
  }

  #wanted () {
    return Object.entries(this.#channels).filter(([name]) => this.#requests || !name.startsWith('http.'))
  }

  #connected (server) {
    if (!Number.isInteger(connectionsOf(server))) return
    this.#servers.add(server)
    this.look()
  }
}

/** What keeps the event loop busy. Node.js has it documented as deprecated, not as gone. */
function activeHandles () {
  const { _getActiveHandles: handles } = /** @type {NodeJS.Process & {_getActiveHandles?: () => object[]}} */ (process)
  return handles?.call(process) ?? []
}

/** @returns {number | undefined} as `server.getConnections()` says, only at once; of what is no server undefined */
function connectionsOf (server) {
  // oxlint-disable-next-line no-underscore-dangle -- getConnections() calls back
  return server?._connections
}

module.exports = { Load, CONNECTIONS }
