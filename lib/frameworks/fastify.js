'use strict'

const { express } = require('../../index.js')
const { tellRoute } = require('../told-routes')

/** @typedef {{raw: import('node:http').IncomingMessage, routeOptions?: {url?: string}}} Request of Fastify; `routeOptions`: from version 4.10 on */

/**
 * `require('tidemark/fastify')`: a plugin that counts requests beside the memory, by route.
 * @param {{addHook: (name: 'onRequest', hook: (request: Request, reply: {raw: import('node:http').ServerResponse}, next: () => void) => void) => void}} instance
 * @param {object} options of `tidemark.express()`
 * @param {() => void} done
 */
function fastify (instance, options, done) {
  const count = express(options)
  instance.addHook('onRequest', function tidemark ({ raw, routeOptions }, reply, next) {
    count(raw, reply.raw)
    tellRoute(raw, routeOptions?.url)
    next()
  })
  done()
}

module.exports = Object.assign(fastify, {
  // As fastify-plugin has it: the hook is of the whole server, and not of this plugin's own part of it.
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: 'tidemark'
})
