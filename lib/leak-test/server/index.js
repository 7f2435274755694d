'use strict'

const { createError } = require('../../errors')
const binding = require('../../binding').loadBinding()
const { readServerOptions } = require('./options')
const { readRoutes } = require('./routes')
const { Served } = require('./served')
const { testRoutes } = require('./test')

/**
 * Sends requests to each route of a server, in rounds, until it is certain whether memory or handles grow with them.
 * @param {any} app
 * @param {object} [options] see test.d.ts
 * @returns {Promise<import('./result').ServerLeakResult>}
 */
async function measureServerLeak (app, options) {
  const read = readServerOptions(options)
  const { routes, leftOut } = readRoutes(read.urls, read.expectStatus, app)
  return testRoutes(binding, { start: () => Served.start(app), routes, leftOut }, read)
}

/**
 * As `measureServerLeak`, and throws unless each route is clean.
 * @throws ERR_TIDEMARK_SERVER_LEAK, ERR_TIDEMARK_SERVER_UNDECIDED; ERR_TIDEMARK_SERVER and ERR_TIDEMARK_LOAD where it
 *   could not be measured
 */
async function assertServerNoLeak (app, options) {
  const result = await measureServerLeak(app, options)
  if (result.verdict === 'clean') return
  const error = createError(result.verdict === 'leaks' ? 'ERR_TIDEMARK_SERVER_LEAK' : 'ERR_TIDEMARK_SERVER_UNDECIDED', [result.message])
  throw Object.assign(error, { result })
}

module.exports = { assertServerNoLeak, measureServerLeak }
