'use strict'

// Preloaded into the app of `tidemark check`: waits until it listens, tests its routes from within, and says what it
// found on a pipe that the command reads. The app's own children and workers do not see it.

const { writeSync } = require('node:fs')
const net = require('node:net')
const { isMainThread } = require('node:worker_threads')
const { PIPE, VARIABLE } = require('./app-process')
const binding = require('../../binding').loadBinding()
const { setTimeout } = require('../own')
const { createError, messageOf } = require('../../errors')
const { readServerOptions } = require('./options')
const { readRoutes } = require('./routes')
const { Served } = require('./served')
const { testRoutes } = require('./test')

/** Milliseconds in which an app opens its other servers, after the first. */
const OTHERS_MS = 300

const given = process.env[VARIABLE]
delete process.env[VARIABLE]
if (given !== undefined && isMainThread) watch(JSON.parse(given))

/** @param {{port?: number, options: object}} how */
function watch ({ port, options }) {
  /** @type {import('node:http').Server[]} */
  const servers = []
  const { listen } = net.Server.prototype
  const onListening = (server) => {
    if (servers.push(server) > 1) return
    setTimeout(() => {
      net.Server.prototype.listen = listen
      test(servers, port, readServerOptions(options)).catch((error) => tell({ error: { code: error?.code, reason: error?.reason, message: messageOf(error) } }))
    }, OTHERS_MS)
  }
  net.Server.prototype.listen = /** @type {any} */ (/** @this {any} */ function (...args) {
    // Those of http and https have it, and no other.
    if ('keepAliveTimeout' in this) this.once('listening', () => onListening(this))
    return Reflect.apply(listen, this, args)
  })
}

async function test (servers, port, options) {
  const ports = servers.map((server) => /** @type {any} */ (server.address())?.port)
  const wanted = port === undefined ? servers : servers.filter((_, i) => ports[i] === port)
  if (wanted.length !== 1) {
    throw createError('ERR_TIDEMARK_SERVER', ['listen', `The app listens on ${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}. Name the one to test: --port ${ports[0]}`])
  }
  const [server] = wanted
  const { routes, leftOut } = readRoutes(options.urls, options.expectStatus, server)
  const start = async () => new Served(server, async () => {})
  tell({ listening: ports[servers.indexOf(server)] })
  tell({ result: await testRoutes(binding, { start, routes, leftOut }, options, (progress) => tell({ progress })) })
}

/** At once: an app that ends a moment later has said it. Without the command, the app has no reason to go on. */
function tell (message) {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`)
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(PIPE, bytes, at)
    } catch (error) {
      if (error.code !== 'EAGAIN') process.exit(1)
    }
  }
}
