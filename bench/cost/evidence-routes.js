'use strict'

// What watching the routes costs a request: node bench/cost/evidence-routes.js [--quick]
const { channel } = require('node:diagnostics_channel')
const { IncomingMessage, ServerResponse } = require('node:http')
const { performance } = require('node:perf_hooks')
const { RouteEvidence } = require('../../lib/evidence/routes')

const REQUESTS = 200000
/** One is too few for a figure to quote, and enough to see that it works. */
const ROUNDS = process.argv.includes('--quick') ? 1 : 7
const LEVEL = 5e7
/** The monitor looks every two seconds. */
const LOOK_S = 2

const started = channel('http.server.request.start')
const finished = channel('http.server.response.finish')

/** As Express leaves it, and as a server without routes does. */
const shapes = {
  express (i) {
    return { method: 'GET', url: `/${i}`, originalUrl: `/users/${i}`, baseUrl: '/users', route: ROUTES[i % ROUTES.length] }
  },
  plain (i) {
    return { method: 'GET', url: `/users/${i}?page=1` }
  }
}

const ROUTES = Array.from({ length: 10 }, (_, i) => ({ path: `/:id/part-${i}` }))

function messages (shape) {
  const request = Object.assign(new IncomingMessage(null), shape)
  return { request, response: new ServerResponse(request) }
}

/**
 * @param {object[]} all messages
 * @param {number} between requests from look to look
 * @param {RouteEvidence} [evidence] none: what the loop itself takes
 * @returns {{request: number, look: number}} microseconds a request, milliseconds a look
 */
function round (all, between, evidence) {
  let requests = 0
  let looks = 0
  for (let n = 0; n < REQUESTS; n += between) {
    const startedAt = performance.now()
    for (let i = 0; i < between; i++) {
      const message = all[i % all.length]
      if (evidence !== undefined) started.publish(message)
      if (evidence !== undefined) finished.publish(message)
    }
    const doneAt = performance.now()
    evidence?.tick(doneAt, { fullGcs: n, level: LEVEL })
    requests += doneAt - startedAt
    looks += performance.now() - doneAt
  }
  return { request: requests * 1000 / REQUESTS, look: looks * between / REQUESTS }
}

const median = (values) => values.sort((a, b) => a - b)[ROUNDS >> 1]

for (const [name, shape] of Object.entries(shapes)) {
  const all = Array.from({ length: 1000 }, (_, i) => messages(shape(i)))
  for (const perSecond of [1000, 20000]) {
    const between = perSecond * LOOK_S
    const evidence = new RouteEvidence()
    evidence.start()
    const rounds = Array.from({ length: ROUNDS }, () => round(all, between, evidence))
    evidence.stop()
    const bare = round(all, between).request
    const request = median(rounds.map((each) => each.request)) - bare
    const look = median(rounds.map((each) => each.look))
    process.stdout.write(`${name}, ${perSecond} requests a second: ${request.toFixed(2)} us each, ${look.toFixed(2)} ms a look, ` +
      `${((request * perSecond / 1e6 + look / 1000 / LOOK_S) * 100).toFixed(3)} % of one core\n`)
  }
}
