'use strict'

const { performance } = require('node:perf_hooks')
const { Histogram } = require('./histogram')
const { follow, unwatch, watch } = require('./response-end')
const { methodOf, routeOf } = require('../route')
const { toldRoute, unwatchRoutes, watchRoutes } = require('../told-routes')

/** At most this many route templates are counted each on its own, because a router that makes one for every URL must not fill the memory. */
const MAX_ROUTES = 500
const OTHER = '(other)'

/**
 * Every request that went through the middleware, counted. Holds numbers and route names, and never
 * a request or a response: what is known of a request in flight hangs on its response.
 */
class Traffic {
  /** Responses that were finished, whatever their status. */
  requests = 0
  /** Those of them with a status of 500 or more. */
  errors = 0
  /** Connections that the client closed before the response was finished. */
  aborted = 0
  inFlight = 0
  /** Milliseconds, of all finished responses together. */
  totalMs = 0
  latency = new Histogram()
  #routes = new Map()

  /** By the route's object, with what else its name was made of: the same name is not put together for every request. */
  #named = new WeakMap()

  /**
   * From now until the response is finished or its connection is gone. A response that is counted
   * already, because the middleware is mounted twice, or that has ended already, is left alone.
   * @param {import('node:http').IncomingMessage} req
   * @param {import('node:http').ServerResponse} res
   */
  begin (req, res) {
    follow(req, res, this)
  }

  /** @returns {Counted} what hears of the end of the response */
  begun (req) {
    return new Counted(this, req)
  }

  /** A reporter is awake: requests come in. */
  wake () {
    watch()
    watchRoutes()
  }

  /** No requests for a while. */
  rest () {
    unwatch()
    unwatchRoutes()
  }

  /** @returns {object[]} by number of requests, the busiest first */
  routes () {
    return [...this.#routes]
      .map(([route, { requests, errors, aborted, totalMs, maxMs }]) => ({
        route,
        requests,
        errors,
        aborted,
        meanMs: requests > 0 ? totalMs / requests : null,
        maxMs: requests > 0 ? maxMs : null
      }))
      .sort((one, other) => other.requests - one.requests)
  }

  finished (req, statusCode, durationMs) {
    this.inFlight--
    this.requests++
    this.totalMs += durationMs
    this.latency.record(durationMs)
    const route = this.#route(req, statusCode)
    route.requests++
    route.totalMs += durationMs
    if (durationMs > route.maxMs) route.maxMs = durationMs
    if (statusCode >= 500) {
      this.errors++
      route.errors++
    }
  }

  /** Its duration says how patient the client was, so it is no latency. */
  gone (req) {
    this.inFlight--
    this.aborted++
    this.#route(req, 0).aborted++
  }

  #route (req, statusCode) {
    const told = toldRoute(req)
    if (told !== undefined) return this.#counts(`${methodOf(req.method)} ${told}`)
    const { route: object, method, baseUrl } = req
    const failed = statusCode >= 400
    // An error that was handed on has lost its mount path: its name depends on the URL.
    const reusable = !failed && typeof object === 'object' && object !== null
    if (reusable) {
      const named = this.#named.get(object)
      if (named !== undefined && named.method === method && named.baseUrl === baseUrl) return named.counts
    }
    const counts = this.#counts(routeOf(req, failed))
    if (reusable) this.#named.set(object, { method, baseUrl, counts })
    return counts
  }

  #counts (name) {
    const known = this.#routes.get(name)
    if (known !== undefined) return known
    const full = this.#routes.size >= MAX_ROUTES
    const others = full ? this.#routes.get(OTHER) : undefined
    if (others !== undefined) return others
    const counts = { requests: 0, errors: 0, aborted: 0, totalMs: 0, maxMs: 0 }
    this.#routes.set(full ? OTHER : name, counts)
    return counts
  }
}

/** One request, until its response is over. */
class Counted {
  #traffic
  /** Null once it was counted. */
  #req
  #startedAt = performance.now()

  constructor (traffic, req) {
    this.#traffic = traffic
    this.#req = req
    traffic.inFlight++
  }

  finished ({ statusCode }) {
    const req = this.#req
    if (req === null) return
    this.#req = null
    this.#traffic.finished(req, statusCode, performance.now() - this.#startedAt)
  }

  gone () {
    const req = this.#req
    if (req === null) return
    this.#req = null
    this.#traffic.gone(req)
  }
}

module.exports = { Traffic, MAX_ROUTES, OTHER }
