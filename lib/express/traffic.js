'use strict'

const { performance } = require('node:perf_hooks')
const { Histogram } = require('./histogram')
const { routeOf } = require('../route')

/** So many templates are told apart; a router that makes one for every URL must not fill the memory. */
const MAX_ROUTES = 500
const OTHER = '(other)'

/** On a response that is already counted; lives and dies with the response. */
const COUNTED = Symbol('tidemark.counted')

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

  /**
   * From now until the response is finished or its connection is gone. A response that is counted
   * already, because the middleware is mounted twice, or that has ended already, is left alone.
   * @param {object} req
   * @param {import('node:http').ServerResponse} res
   */
  begin (req, res) {
    if (res[COUNTED] !== undefined || res.writableEnded) return
    res[COUNTED] = { traffic: this, req, startedAt: performance.now() }
    // 'close' comes after 'finish', and alone when the request was aborted. Some in-process servers
    // (serverless adapters, injected requests) never emit it.
    // What wraps a response is not what emits, and only there is a function made for each request.
    const emits = Object.hasOwn(res, '_events')
    res.on('finish', emits ? onFinish : onFinish.bind(res))
    res.on('close', emits ? onClose : onClose.bind(res))
    this.inFlight++
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
    const name = routeOf(req, statusCode >= 400)
    let route = this.#routes.get(name)
    if (route === undefined) {
      if (this.#routes.size >= MAX_ROUTES) {
        route = this.#routes.get(OTHER)
        if (route !== undefined) return route
      }
      route = { requests: 0, errors: 0, aborted: 0, totalMs: 0, maxMs: 0 }
      this.#routes.set(this.#routes.size >= MAX_ROUTES ? OTHER : name, route)
    }
    return route
  }
}

// Shared by all responses, called with the response as `this`: no closure per request. An event of
// a stream must not throw into the server, so what a strange `req` or `res` throws ends here.

function onFinish () {
  try {
    const counted = this[COUNTED]
    const { traffic, req, startedAt } = counted
    if (req === null) return
    counted.req = null
    traffic.finished(req, this.statusCode, performance.now() - startedAt)
  } catch {}
}

function onClose () {
  try {
    const counted = this[COUNTED]
    const { traffic, req } = counted
    if (req === null) return
    counted.req = null
    traffic.gone(req)
  } catch {}
}

module.exports = { Traffic, MAX_ROUTES, OTHER }
