'use strict'

const { subscribe, unsubscribe } = require('node:diagnostics_channel')
const { performance } = require('node:perf_hooks')
const { bytes, percent } = require('../../format')
const { unwatchRoutes, watchRoutes } = require('../../told-routes')
const { Departed } = require('./departed')
const { handlersOf, linkHandlers } = require('../handlers')
const { RouteNames, OTHER } = require('./name')
const { attribute } = require('./regression')
const { Retention } = require('./retention')

/** @typedef {import('../suspect').Finding} Finding */

const REQUEST_START = 'http.server.request.start'
const RESPONSE_FINISH = 'http.server.response.finish'

/** Fewer requests than this, of one route, that outlived two full GCs say nothing. */
const FEWEST_JUDGED = 4
/** The lower bound of the share that is worth a word: a healthy route keeps none. */
const LEAST_SHARE = 0.04
/** Number and share of routes that keep their requests, from which on the cause is common to all of them. */
const MANY_ROUTES = 3
const NEARLY_ALL = 0.8
const MOST_HELD = 16
/** Bytes of a kept request, at least; a smaller estimate means that the heap had not grown yet. */
const SMALLEST_REQUEST = 500
/** One request in this many is timed; what took longer than this many milliseconds was interrupted by another process. */
const MEASURED = 64
const LONGEST_MS = 0.2
/** More requests than this between two looks are not all named: some stand for the others. */
const MOST_NAMED = 2000
/** One for each full GC; when there are more, every second one goes. */
const MOST_ROWS = 120

/**
 * Which routes keep their requests: a bounded sample of the requests and responses of each route is
 * held weakly, and those that outlive two full GCs after they were over are counted. Serves every
 * http server of the thread, with the route templates of Express, and of what tells them (../../told-routes.js).
 *
 * A response that is not over yet, such as a stream of events, is never counted.
 */
class RouteEvidence {
  cost = { durationMs: 0 }
  problems = []
  #means
  #running = false
  #names
  #departed
  #startedAt = 0
  #since
  #now = 0
  #levelAtStart
  #level
  #requests = 0
  /** Since the last look; and for how many requests one that is named stands, and how many to pass until the next. */
  #sinceLook = 0
  #stride = 1
  #pass = 0
  #fullGcs = 0
  /** The level after full GCs beside the requests to each route so far. */
  #rows = []
  #onStart = (message) => this.#started(message)
  #onFinish = (message) => this.#finished(message)

  /** @param {import('../sources').Means} [means] */
  constructor (means) {
    this.#means = means
  }

  start () {
    if (this.#running) return
    if (typeof subscribe !== 'function') {
      this.problems.push('Routes cannot be watched before Node.js 18.7.')
      return
    }
    this.#running = true
    this.#names = new RouteNames((name) => ({ name, finished: 0, over: new Retention(), aborted: null, handlers: null }))
    this.#departed = new Departed()
    this.#startedAt = this.#now = performance.now()
    this.#since = new Date()
    this.#levelAtStart = this.#level = undefined
    this.#requests = this.#sinceLook = this.#pass = 0
    this.#stride = 1
    this.#fullGcs = 0
    this.#rows = []
    subscribe(REQUEST_START, this.#onStart)
    subscribe(RESPONSE_FINISH, this.#onFinish)
    watchRoutes()
  }

  stop () {
    if (!this.#running) return
    this.#running = false
    unsubscribe(REQUEST_START, this.#onStart)
    unsubscribe(RESPONSE_FINISH, this.#onFinish)
    unwatchRoutes()
    this.#names = undefined
    this.#departed = undefined
    this.#rows = []
  }

  /**
   * @param {number} now milliseconds, monotonic
   * @param {{fullGcs: number, level: number | undefined}} sample
   */
  tick (now, { fullGcs, level }) {
    if (!this.#running) return
    const startedAt = performance.now()
    this.#now = now
    this.#stride = Math.max(1, Math.ceil(this.#sinceLook / MOST_NAMED))
    this.#sinceLook = this.#pass = 0
    this.#levelAtStart ??= level
    this.#level = level
    for (const { req, res } of this.#departed.look()) {
      const route = this.#names.of(req, res)
      route.aborted ??= new Retention()
      route.aborted.offer(req, res)
    }
    for (const { over, aborted } of this.#names.all()) {
      over.look(fullGcs)
      aborted?.look(fullGcs)
    }
    if (fullGcs > this.#fullGcs && level !== undefined) this.#addRow(now, level)
    this.#fullGcs = fullGcs
    this.cost.durationMs += performance.now() - startedAt
  }

  /** @returns {Promise<Finding[]>} */
  async findings () {
    if (!this.#running) return []
    const startedAt = performance.now()
    const attributions = this.#attributions()
    const findings = [...this.#retained(attributions), ...attributions.map(risingWith)]
    this.cost.durationMs += performance.now() - startedAt
    return findings
  }

  /**
   * Requests, responses and bodies that are kept, for whoever meets them in a container.
   * @returns {import('../suspect').Held[]} at most 16
   */
  held () {
    if (!this.#running) return []
    const held = []
    const lists = [...this.#names.all()].map(({ name, over, aborted }) =>
      [...over.refs(), ...aborted?.refs() ?? []].map((ref) => ({ route: name, ref })))
    for (let i = 0; held.length < MOST_HELD && lists.some((list) => i < list.length); i++) {
      for (const list of lists) if (i < list.length && held.length < MOST_HELD) held.push(list[i])
    }
    return held
  }

  /**
   * Tells allocation sites which route of Express they run for.
   * @param {Finding[]} findings of all sources
   */
  async link (findings) {
    if (!this.#running) return
    await linkHandlers(findings, [...this.#names.all()].map(({ name, handlers }) => ({ route: name, handlers: handlers ?? [] })), this.#means)
  }

  #started ({ request, response }) {
    try {
      this.#departed.began(request, response)
    } catch {
      // Whatever goes wrong here, the request goes on.
    }
  }

  #finished ({ request, response }) {
    const measures = ++this.#requests % MEASURED === 0
    const startedAt = measures ? performance.now() : 0
    this.#sinceLook++
    try {
      this.#departed.finished(response)
      if (this.#pass-- <= 0) this.#count(request, response)
    } catch {
      // As above.
    }
    if (measures) this.cost.durationMs += Math.min(performance.now() - startedAt, LONGEST_MS) * MEASURED
  }

  /** At random, as requests often come in a rhythm. */
  #count (request, response) {
    this.#pass = Math.floor(Math.random() * (2 * this.#stride - 1))
    const route = this.#names.of(request, response)
    route.finished += this.#stride
    route.handlers ??= handlersOf(request)
    route.over.offer(request, response)
  }

  #addRow (at, level) {
    if (this.#rows.length >= MOST_ROWS) this.#rows = this.#rows.filter((_, i) => i % 2 === 0)
    this.#rows.push({ at, level, requests: [...this.#names.all()].map(({ finished }) => finished) })
  }

  #attributions () {
    return attribute([...this.#names.all()].map(({ name }) => name), this.#rows)
  }

  #retained (attributions) {
    const seen = [...this.#names.all()].flatMap(({ name, finished, over, aborted }) => [
      { name, finished, adjective: '', ...over.result() },
      ...aborted === null ? [] : [{ name, finished: null, adjective: 'aborted ', ...aborted.result() }]
    ]).filter(({ judged }) => judged >= FEWEST_JUDGED)
      .map((each) => ({ ...each, share: each.kept / each.judged, sure: wilsonLower(each.kept, each.judged) }))
    const keeping = seen.filter(({ sure }) => sure >= LEAST_SHARE)
    const shared = this.#bytesPerRequest(keeping)
    const sizeOf = (name) => attributions.find(({ routes }) => routes.length === 1 && routes[0] === name)?.bytesPerRequest
    for (const each of keeping) each.perRequest = each.finished === null ? null : each.partBytes ?? divided(sizeOf(each.name), each.share) ?? shared
    const wholesale = keeping.filter(({ share }) => share >= NEARLY_ALL)
    if (wholesale.length >= MANY_ROUTES && wholesale.length >= NEARLY_ALL * seen.length) {
      const rest = keeping.filter((each) => !wholesale.includes(each))
      return [this.#findingOfAll(wholesale, shared), ...rest.map((each) => this.#finding(each))]
    }
    return keeping.map((each) => this.#finding(each))
  }

  /** What the heap grew by, divided among all requests that were kept meanwhile; null where unknown. */
  #bytesPerRequest (keeping) {
    const kept = keeping.reduce((sum, { share, finished }) => sum + share * (finished ?? 0), 0)
    const growth = this.#level - this.#levelAtStart
    return kept > 0 && growth / kept >= SMALLEST_REQUEST ? growth / kept : null
  }

  #finding (each) {
    const { name, finished, judged, kept, share, adjective, partsOnly, perRequest } = each
    const size = perRequest === null ? null : perRequest * share * finished
    const what = `${partsOnly ? 'the bodies of ' : ''}${percent(share)} of its ${adjective}requests`
    return this.#report(name, `${name} keeps ${what} (${kept} of ${judged} sampled outlived two full GCs)`, size, perRequest, [each])
  }

  /** What keeps the requests of every route sits in front of the routes. */
  #findingOfAll (routes, perRequest) {
    const [kept, judged] = ['kept', 'judged'].map((name) => routes.reduce((sum, each) => sum + each[name], 0))
    const size = perRequest === null ? null : routes.reduce((sum, { share, finished }) => sum + share * (finished ?? 0) * perRequest, 0)
    const description = `all ${routes.length} routes keep ${percent(kept / judged)} of their requests (${kept} of ${judged} sampled ` +
      'outlived two full GCs): something in front of the routes does'
    return this.#report('(all routes)', description, size, perRequest, routes)
  }

  /** @returns {Finding} */
  #report (key, sentence, size, perRequest, routes) {
    const [kept, judged] = ['kept', 'judged'].map((name) => routes.reduce((sum, each) => sum + each[name], 0))
    const sizes = size === null ? '' : `, about ${bytes(perRequest)} each, ${bytes(size)} since ${clock(this.#since)}`
    return {
      kind: 'route',
      key,
      description: sentence + sizes,
      bytes: size === null ? null : Math.round(size),
      growth: size === null ? null : Math.round(size),
      intervalMs: size === null ? null : Math.round(this.#now - this.#startedAt),
      // That it keeps some is surer than how many it keeps.
      confidence: Math.sqrt(wilsonLower(kept, judged)),
      weight: key === OTHER ? 0.3 : 0.9,
      location: null,
      links: routes.map(({ name }) => `route:${name}`),
      evidence: routes.slice(0, MOST_HELD).map(({ name, finished, adjective, judged: sampled, kept: staying }) => ({
        kind: 'retention',
        description: `${name}: ${staying} of ${sampled} sampled ${adjective}requests outlived two full GCs`,
        sampled,
        kept: staying,
        requests: finished
      }))
    }
  }
}

/** What a request adds on average, as bytes of those that are kept. */
function divided (bytesPerRequest, share) {
  return bytesPerRequest === undefined ? undefined : bytesPerRequest / share
}

/** @param {import('./regression').Attribution} attribution @returns {Finding} */
function risingWith ({ routes, bytesPerRequest, standardError, requests, growth, intervalMs, rows, confidence, apartFromTime }) {
  const key = routes.join(' and ')
  const description = `${key}${routes.length > 1 ? ' together' : ''}: the heap rises by ${bytes(bytesPerRequest)} ± ${bytes(standardError)} per request` +
    (apartFromTime ? '' : ', as far as that can be told where there is no other route')
  return {
    kind: 'route',
    key,
    description,
    bytes: null,
    growth: Math.round(growth),
    intervalMs: Math.round(intervalMs),
    confidence,
    weight: 0.75,
    location: null,
    links: routes.map((name) => `route:${name}`),
    evidence: [{
      kind: 'regression',
      description: `over ${rows} full GCs and ${requests} requests to ${key} the heap rose by ${bytes(bytesPerRequest)} ± ${bytes(standardError)} with each`,
      bytesPerRequest: Math.round(bytesPerRequest),
      standardError: Math.round(standardError),
      requests,
      fullGcs: rows
    }]
  }
}

/** The lower end of Wilson's interval at 95 %, which few observations do not carry far. */
function wilsonLower (hits, n) {
  if (n === 0) return 0
  const z = 1.96
  const share = hits / n
  const middle = share + z * z / (2 * n)
  const spread = z * Math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
  return Math.max(0, (middle - spread) / (1 + z * z / n))
}

function clock (date) {
  return `${String(date.getHours()).padStart(2, '0')}:${String(date.getMinutes()).padStart(2, '0')}`
}

module.exports = { RouteEvidence }
