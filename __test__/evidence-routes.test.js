'use strict'

const assert = require('node:assert/strict')
const { channel, subscribe } = require('node:diagnostics_channel')
const { before, describe, test } = require('node:test')
const { RouteNames } = require('../lib/evidence/routes/name')
const { RouteEvidence } = require('../lib/evidence/routes')
const { unwatchRoutes, watchRoutes } = require('../lib/told-routes')
const { result } = require('./helpers/child')
const { data } = require('./names.json')

const started = channel('http.server.request.start')
const finished = channel('http.server.response.finish')

const hasChannels = typeof subscribe === 'function'
const skip = hasChannels ? false : 'diagnostics_channel has no subscribe() before Node.js 18.7'

describe('routes that keep their requests', { skip }, () => {
  let told
  const finding = (key) => told.findings.find((each) => each.key === key)

  before(async () => {
    told = await result('evidence-routes-app.js', { nodeArgs: ['--expose-gc'], deadlineMs: 120000 })
  })

  test('a route that keeps every request is told, with the share and the size', () => {
    const { description, confidence, links, bytes, growth, intervalMs } = finding('GET /users/:id')
    assert.match(description, /^GET \/users\/:id keeps 100 % of its requests \((\d+) of \1 sampled outlived two full GCs\), about .* each, .* since \d\d:\d\d$/)
    assert.ok(confidence > 0.8)
    assert.deepEqual(links, ['route:GET /users/:id'])
    assert.ok(bytes > 0 && growth === bytes && intervalMs > 0)
  })

  test('a route that keeps every second one is told with its share', () => {
    const { evidence: [{ kept, sampled }] } = finding('GET /half')
    assert.ok(kept > 0 && kept < sampled, `${kept} of ${sampled}`)
  })

  test('a route that keeps only the body of its requests is told', () => {
    assert.match(finding('POST /uploads').description, /keeps the bodies of 100 % of its requests/)
  })

  test('Buffers that are kept are weighed by themselves, not by the heap', () => {
    const { description, growth, evidence: [{ requests }] } = finding('POST /files')
    assert.match(description, /keeps the bodies of 100 % of its requests .*, about 4\.1 kB each/)
    assert.equal(growth, 4096 * requests)
  })

  test('a route that keeps the requests whose client went is told', () => {
    assert.match(finding('GET /hangs').description, /keeps 100 % of its aborted requests/)
  })

  test('a server without Express is told by its paths', () => {
    assert.match(finding('GET /orders/:id').description, /keeps 100 % of its requests/)
  })

  test('routes that keep nothing, or the last few only, are not told', () => {
    assert.deepEqual(told.findings.map(({ key }) => key).sort(),
      ['GET /half', 'GET /hangs', 'GET /orders/:id', 'GET /users/:id', 'POST /files', 'POST /uploads'])
  })

  test('what is kept can be recognised by identity, in bounds', () => {
    assert.ok(told.held.length <= 16)
    assert.ok(told.held.every(({ isObject }) => isObject))
    assert.deepEqual([...new Set(told.held.map(({ route }) => route))].sort(), told.findings.map(({ key }) => key).sort())
  })

  test('what was released later is taken back', () => {
    assert.deepEqual(told.later, [])
  })

  test('a stopped source has nothing to tell, and no problems', () => {
    assert.deepEqual(told.stopped, [])
    assert.deepEqual(told.problems, [])
  })
})

test('watching keeps no request, response or body, and its memory does not grow', { skip }, async () => {
  const { alive, growth, findings } = await result('evidence-routes-holds-nothing.js', { nodeArgs: ['--expose-gc'], deadlineMs: 180000 })
  assert.deepEqual(alive, { req: 0, res: 0, body: 0 })
  assert.deepEqual(findings, [])
  assert.ok(growth < 1048576, `${growth} bytes in 4500 requests`)
})

describe('a request that an app prepared', { skip }, () => {
  const over = (request, response = {}) => {
    started.publish({ request, response })
    finished.publish({ request, response })
  }

  test('has no getter called and no trap run, and throws nothing into the server', async () => {
    const evidence = new RouteEvidence()
    evidence.start()
    const called = []
    const trapped = new Proxy({}, new Proxy({}, { get (_, trap) { called.push(trap) } }))
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const poisoned = {}
    for (const name of ['route', 'baseUrl', 'originalUrl', 'url', 'method', 'body', 'file', 'files', 'query', 'socket', 'statusCode', 'destroyed']) {
      Object.defineProperty(poisoned, name, { get: () => called.push(name), enumerable: true })
    }
    const stubborn = { toString () { called.push('toString') }, [Symbol.toPrimitive] () { called.push('toPrimitive') }, toJSON () { called.push('toJSON') } }
    for (const request of [
      poisoned,
      trapped,
      revoked.proxy,
      Object.freeze(Object.create(null)),
      { method: 'GET', baseUrl: '', route: trapped, socket: trapped, body: trapped },
      { method: 'GET', baseUrl: '', route: revoked.proxy, socket: revoked.proxy, body: revoked.proxy },
      { method: 'GET', baseUrl: '', route: { path: stubborn } },
      { method: 'GET', baseUrl: '', route: { path: [trapped, revoked.proxy, stubborn] } },
      { method: 'GET', baseUrl: '', route: poisoned, socket: { parser: poisoned } },
      { method: 'GET', url: '/x', socket: { parser: trapped } }
    ]) over(request, poisoned)
    for (let fullGcs = 1; fullGcs < 6; fullGcs++) evidence.tick(fullGcs, { fullGcs, level: undefined })
    await evidence.findings()
    evidence.held()
    evidence.stop()
    assert.deepEqual(called, [])
  })

  test('is not looked at any more after stop', () => {
    const evidence = new RouteEvidence()
    evidence.start()
    evidence.start()
    evidence.stop()
    evidence.stop()
    assert.equal(started.hasSubscribers, false)
    assert.equal(finished.hasSubscribers, false)
  })
})

/** 'four-two', as numbers are no names. */
function inWords (number) {
  return [...String(number)].map((digit) => ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'][digit]).join('-')
}

describe('the names of routes', () => {
  const name = (req, res = {}) => new RouteNames((each) => each).of(req, res)

  test('are templates of Express where it was there', () => {
    assert.equal(name({ method: 'GET', baseUrl: '', route: { path: '/users/:id' } }), 'GET /users/:id')
    assert.equal(name({ method: 'GET', baseUrl: '/api/12', route: { path: '/' } }), 'GET /api/:id')
    assert.equal(name({ method: 'GET', baseUrl: '', route: { path: /^\/a+$/i } }), 'GET /^\\/a+$/i')
    assert.equal(name({ method: 'GET', baseUrl: '', originalUrl: '/robots.txt' }, { statusCode: 404 }), '(unmatched)')
  })

  test('are templates of Fastify where it tells them', () => {
    const names = new RouteNames((each) => each)
    const raw = { method: 'GET', url: '/shop/boots/reviews' }
    const handler = channel('tracing:fastify.request.handler:start')
    watchRoutes()
    handler.publish({ request: { raw }, route: { url: '/shop/:slug/reviews', method: 'GET' } })
    assert.equal(names.of(raw, {}), 'GET /shop/:slug/reviews')
    assert.equal(names.of({ ...raw }, {}), 'GET /shop/boots/reviews')
    for (const message of [{}, { request: null, route: null }, { request: { raw: 1 }, route: { url: '/' } }, { request: { raw: {} }, route: {} }, undefined]) handler.publish(message)
    unwatchRoutes()
  })

  test('are paths without ids and queries elsewhere', () => {
    assert.equal(name({ method: 'PUT', url: '/users/42/photo?size=3' }), 'PUT /users/:id/photo')
    assert.equal(name({ method: 'GET', url: '/' }), 'GET /')
    assert.equal(name({ method: 'OPTIONS', url: '*' }), 'OPTIONS *')
    assert.equal(name({ method: 'GET', url: '/api/v2/forgot-password' }), 'GET /api/v2/forgot-password')
  })

  test('hold nothing of what clients sent', () => {
    for (const secret of data) {
      const url = `/reset/${secret}/done?token=${secret}`
      const said = [
        name({ method: 'GET', url }),
        name({ method: 'GET', baseUrl: `/reset/${secret}`, route: { path: '/done' } }),
        name({ method: 'GET', baseUrl: '', originalUrl: url, route: { path: '/done' } }, { statusCode: 500 }),
        name({ method: 'GET', baseUrl: '', route: { path: `/reset/${secret}/done` } }),
        name({ method: 'GET', baseUrl: '', route: { path: [`/${secret}`, new RegExp(secret.replace(/\W/g, '\\$&'))] } }),
        name({ method: secret, url: '/done' })
      ]
      for (const each of said) assert.ok(!each.includes(secret), `${secret} in ${each}`)
    }
  })

  test('are at most 64, and what is too much is gathered', () => {
    const names = new RouteNames((each) => each)
    for (let i = 0; i < 40; i++) names.of({ method: 'GET', url: `/${inWords(i)}` }, {})
    for (let i = 0; i < 1000; i++) names.of({ method: 'GET', url: `/posts/${inWords(i)}` }, {})
    for (let i = 0; i < 1000; i++) names.of({ method: 'GET', url: `/about-${inWords(i)}` }, {})
    const all = [...names.all()]
    assert.equal(all.length, 64)
    assert.ok(all.includes('GET /posts/*'))
    assert.ok(all.includes('(other)'))
  })

  test('are one where one route of Express is reached in many ways', () => {
    const names = new RouteNames((each) => ({ each }))
    const route = { path: '/orders' }
    const first = names.of({ method: 'GET', baseUrl: '/users/1', route }, {})
    assert.equal(names.of({ method: 'GET', baseUrl: '/users/2', route }, {}), first)
    assert.notEqual(names.of({ method: 'HEAD', baseUrl: '/users/2', route }, {}), first)
  })
})
