'use strict'

const { express } = require('../../index.js')
const { tellRoute } = require('../told-routes')

/**
 * `require('tidemark/fastify')`: a plugin that counts requests beside the memory, by route.
 * @param {object} instance
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

// As fastify-plugin has it: the hook is of the whole server, and not of this plugin's own part of it.
fastify[Symbol.for('skip-override')] = true
fastify[Symbol.for('fastify.display-name')] = 'tidemark'

module.exports = fastify
