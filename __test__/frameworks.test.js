'use strict'

// Each framework by its real package: what tidemark says of a request is the template of its route.

const assert = require('node:assert/strict')
const { channel } = require('node:diagnostics_channel')
const { describe, test } = require('node:test')
const { tellRoute, toldRoute, unwatchRoutes, watchRoutes } = require('../lib/told-routes')
const { result } = require('./helpers/child')

/** The oldest Node.js that each of the packages runs on. */
const LEAST_NODE = { fastify: 20, koa: 20, hono: 20, nest: 20, 'nest-fastify': 20 }
const node = Number.parseInt(process.versions.node, 10)

for (const [framework, least] of Object.entries(LEAST_NODE)) {
  test(`with ${framework} the suspect and the counts name the template of a route, not its URLs`, { timeout: 120000, skip: node < least && `${framework} needs Node.js ${least}` }, async () => {
    const { kept, findings: [finding, ...others], traffic, routes } = await result('frameworks-app.js', { args: [framework], nodeArgs: ['--expose-gc'], deadlineMs: 100000 })
    assert.equal(kept, 48)
    assert.equal(finding.key, 'GET /api/users/:name')
    assert.match(finding.description, /^GET \/api\/users\/:name keeps 100 % of its requests/)
    assert.deepEqual(others, [])
    assert.deepEqual(routes, {
      'GET /api/users/:name': { requests: 48, errors: 0 },
      'GET /fine/:name': { requests: 48, errors: 0 },
      'GET /fails/:name': { requests: 48, errors: 48 },
      '(unmatched)': { requests: 48, errors: 0 }
    })
    assert.deepEqual(traffic, { requests: 192, errors: 48, aborted: 0, inFlight: 0 })
  })
}

describe('tidemark:route', () => {
  test('is published to nobody while nobody counts, and keeps the template while somebody does', () => {
    const route = channel('tidemark:route')
    const request = {}
    assert.equal(route.hasSubscribers, false)
    tellRoute(request, '/users/:id')
    assert.equal(toldRoute(request), undefined)
    watchRoutes()
    watchRoutes()
    unwatchRoutes()
    assert.equal(route.hasSubscribers, true)
    tellRoute(request, '/users/:id')
    assert.equal(toldRoute(request), '/users/:id')
    unwatchRoutes()
    assert.equal(route.hasSubscribers, false)
  })

  test('takes what anybody publishes, and throws nothing into the app', () => {
    watchRoutes()
    const route = channel('tidemark:route')
    const request = {}
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const getter = { request, get template () { throw new Error('called') } }
    for (const message of [undefined, null, 7, {}, { request: 1, template: '/' }, { request, template: 7 }, getter, revoked.proxy]) route.publish(message)
    assert.equal(toldRoute(request), undefined)
    route.publish({ request, template: `/reset/${'0123456789abcdef'.repeat(2)}/:token` })
    assert.equal(toldRoute(request), '/reset/[…]/:token')
    unwatchRoutes()
  })
})
