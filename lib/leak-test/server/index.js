'use strict'

const binding = require('../../binding').loadBinding()
const { annotate } = require('../annotations')
const { failureOf, warnOf } = require('../result')
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
 * @throws ERR_TIDEMARK_LEAK, ERR_TIDEMARK_LEAK_UNDECIDED; ERR_TIDEMARK_SERVER, ERR_TIDEMARK_LOAD where it could not be
 *   measured
 */
async function assertServerNoLeak (app, options) {
  const result = await measureServerLeak(app, options)
  const failure = failureOf({ name: 'the server' }, result)
  if (failure !== undefined) {
    if (readServerOptions(options).annotations) {
      for (const route of result.routes.filter(({ verdict }) => verdict !== 'clean')) annotate(route.route, { message: route.message, result: route })
    }
    throw failure
  }
  warnOf(result)
}

module.exports = { assertServerNoLeak, measureServerLeak }
