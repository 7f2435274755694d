'use strict'

// What tidemark.express() costs a request, without a network: node bench/cost/middleware.js [--quick]
//
// Real requests and responses of node:http go through the middleware, finish and close. The same is
// done without it, in turn, and the median of the differences is what it costs. Collections fall into
// the measured time, so the garbage that it makes is in it.

const http = require('node:http')
const { performance } = require('node:perf_hooks')
const tidemark = require('../..')

const REQUESTS = 500
/** Too few for a figure to quote, and enough to see that it works. */
const ROUNDS = process.argv.includes('--quick') ? 51 : 1001
const SHAPES = [
  ['GET', '', '/'],
  ['GET', '/api', '/users/:id'],
  ['POST', '/api/v1', '/orders'],
  ['GET', '/users/4711', '/orders/:order']
]

const middleware = tidemark.express({ logger: { info () {} } })
const bare = (req, res, next) => next()
const differences = []
for (let round = 0; round < ROUNDS; round++) {
  const first = round % 2 === 0 ? [middleware, bare] : [bare, middleware]
  const ns = new Map(first.map((handler) => [handler, serve(handler)]))
  differences.push(ns.get(middleware) - ns.get(bare))
}
differences.sort((one, other) => one - other)
const at = (quantile) => differences[Math.floor(quantile * (ROUNDS - 1))]
console.log(`tidemark.express(): ${at(0.5).toFixed(0)} ns a request ` +
  `(${at(0.25).toFixed(0)} to ${at(0.75).toFixed(0)} in the middle half of ${ROUNDS} rounds, Node.js ${process.versions.node})`)

/** @returns {number} nanoseconds a request */
function serve (handler) {
  const pairs = Array.from({ length: REQUESTS }, (_, i) => exchange(SHAPES[i % SHAPES.length]))
  let reached = 0
  const next = () => { reached++ }
  const startedAt = performance.now()
  for (const { req, res } of pairs) {
    handler(req, res, next)
    res.emit('finish')
    res.emit('close')
  }
  const tookMs = performance.now() - startedAt
  if (reached !== REQUESTS) throw new Error(`next() was called ${reached} times`)
  return tookMs * 1e6 / REQUESTS
}

function exchange ([method, baseUrl, path]) {
  const req = new http.IncomingMessage(null)
  Object.assign(req, { method, baseUrl, originalUrl: `${baseUrl}${path}`, route: { path } })
  return { req, res: new http.ServerResponse(req) }
}
