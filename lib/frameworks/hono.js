'use strict'

const { express } = require('../../index.js')
const { tellRoute } = require('../told-routes')

/** What middleware for everything is mounted at: of a request that met nothing else no route is known. */
const EVERYTHING = ['*', '/*']

/**
 * `require('tidemark/hono')`: middleware that counts requests beside the memory, by route, on @hono/node-server.
 * @param {object} [options] of `tidemark.express()`
 */
module.exports = function hono (options) {
  const count = express(options)
  return async function tidemark (context, next) {
    // Elsewhere, and in `app.request()`, there is no request of Node.js.
    const { incoming, outgoing } = context.env ?? {}
    if (incoming === undefined || outgoing === undefined) return next()
    count(incoming, outgoing)
    try {
      await next()
    } finally {
      const { routePath } = context.req
      if (!EVERYTHING.includes(routePath)) tellRoute(incoming, routePath)
    }
  }
}
