'use strict'

const { express } = require('../../index.js')
const { tellRoute } = require('../told-routes')

/**
 * `require('tidemark/koa')`: middleware that counts requests beside the memory, by the route of @koa/router.
 * @param {object} [options] of `tidemark.express()`
 */
module.exports = function koa (options) {
  const count = express(options)
  return async function tidemark (context, next) {
    const { req, res } = context
    count(req, res)
    try {
      await next()
    } finally {
      // oxlint-disable-next-line no-underscore-dangle -- the name by which all routers of Koa publish it
      const route = context._matchedRoute
      tellRoute(req, route instanceof RegExp ? String(route) : route)
    }
  }
}
