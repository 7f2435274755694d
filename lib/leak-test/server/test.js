'use strict'

const path = require('node:path')
const { alone } = require('../alone')
const { keeping } = require('../artifacts')
const { now, turn } = require('../own')
const { LeakTest } = require('../test')
const { Load } = require('./load')
const { Requests } = require('./requests')
const { resultOfRoute, resultOfServer } = require('./result')

/**
 * @param {typeof import('../../../binding')} binding
 * @param {{start: () => Promise<InstanceType<typeof import('./served').Served>>, routes: import('./routes').Route[], leftOut: string[]}} subject
 * @param {ReturnType<typeof import('./options').readServerOptions>} options
 * @param {(progress: {route: string, requests: number, of: number}) => void} [onProgress]
 * @returns {Promise<import('./result').ServerLeakResult>}
 */
function testRoutes (binding, { start, routes, leftOut }, options, onProgress = () => {}) {
  return alone(async () => {
    const startedAt = now()
    // An app that leaks has its monitor look for evidence, by sessions of the inspector: where one ends, V8 gives all objects
    // new numbers, and snapshots before and after have none in common.
    require('../../../index.js').stop()
    const load = new Load([process.cwd(), path.dirname(process.argv[1] ?? ''), __dirname])
    let served
    try {
      served = await start()
      const results = []
      for (const [i, route] of routes.entries()) {
        const left = options.budget - (now() - startedAt)
        results.push(await testRoute(binding, route, {
          ...options,
          // What one does not need the next ones have.
          budget: Math.max(1, left / (routes.length - i)),
          load,
          served,
          onProgress: (requests) => onProgress({ route: route.name, requests, of: options.requests })
        }))
      }
      return resultOfServer(results, { leftOut, ignore: options.ignore, elapsedMs: Math.round(now() - startedAt) })
    } finally {
      await load.close()
      await served?.close()
      // Handles that were closed are gone at the end of the next turn.
      await turn()
      await turn()
    }
  })
}

async function testRoute (binding, route, means) {
  const requests = new Requests(route, means)
  await requests.probe()
  return keeping(route.name, means.artifacts, async ({ keep }) => {
    const result = await new LeakTest(binding, requests, means, { keep, oneOfMany: true }).run()
    means.served.lookAtOutlived()
    return resultOfRoute(route.name, result, means.served.outlived)
  })
}

module.exports = { testRoutes }
