'use strict'

const assert = require('node:assert/strict')
const http = require('node:http')
const { Console } = require('node:console')
const { EventEmitter, once } = require('node:events')
const { Writable } = require('node:stream')
const { describe, test } = require('node:test')
const { createMiddleware } = require('../lib/express')
const { FakeMonitor } = require('./helpers/fake-monitor')
const { listen, request, until } = require('./helpers/http')
const { result } = require('./helpers/child')

const DEADLINE = { timeout: 30000 }
const SOON = 60

function setUp (options) {
  const monitor = new FakeMonitor()
  const express = createMiddleware(monitor)
  return { monitor, express, middleware: express(options), read: () => readStatus(express) }
}

/** What the status handler answers, without a server. */
function readStatus (express) {
  let body
  express.status()({}, { setHeader () {}, end (text) { body = text } })
  return JSON.parse(body)
}

function routes (read) {
  return Object.fromEntries(read().routes.map(({ route, requests }) => [route, requests]))
}

/** Requests in turn, then waits until all are counted: a client can have the answer before 'finish'. */
async function ask (port, read, paths) {
  const before = read().traffic.requests
  for (const path of paths) await request(port, ...[path].flat())
  await until(() => read().traffic.requests === before + paths.length)
}

/** A writable that keeps the lines it is given. */
function sink () {
  const lines = []
  let rest = ''
  const stream = new Writable({
    write (chunk, encoding, done) {
      const parts = (rest + chunk).split('\n')
      rest = parts.pop()
      lines.push(...parts)
      done()
    }
  })
  return { stream, lines }
}

for (const [version, name] of [[5, 'express'], [4, 'express4']]) {
  describe(`Express ${version}`, DEADLINE, () => {
    const expressOf = require(name)

    test('requests are counted by route template', async (t) => {
      const { middleware, read } = setUp()
      const app = expressOf()
      app.use(middleware)
      app.get('/', (req, res) => res.end())
      app.get('/users/:id', (req, res) => res.json({}))
      app.get(/^\/files\/.*/, (req, res) => res.end())
      app.get(['/a', '/b'], (req, res) => res.end())
      const port = await listen(t, app)
      await ask(port, read, ['/', '/users/1', '/users/2?x=1', '/files/x', '/a', '/b', '/nowhere', ['/users/1', { method: 'HEAD' }]])
      assert.deepEqual(routes(read), {
        'GET /': 1,
        'GET /users/:id': 2,
        'GET /^\\/files\\/.*/': 1,
        'GET /a|/b': 2,
        'HEAD /users/:id': 1,
        '(unmatched)': 1
      })
    })

    test('a router that is mounted says where, also below a parameter and when it fails', async (t) => {
      const { middleware, read } = setUp()
      const app = expressOf()
      app.use(middleware)
      const orders = expressOf.Router()
      orders.get('/', (req, res) => res.end())
      orders.get('/:order', (req, res) => res.end())
      orders.get('/:order/broken', (req, res, next) => next(new Error('broken')))
      const api = expressOf.Router()
      api.use('/users/:user/orders', orders)
      app.use('/api/v1', api)
      app.use('/graphql', (req, res) => res.end())
      app.use((error, req, res, _next) => res.status(500).end(error.message))
      const port = await listen(t, app)
      await ask(port, read, ['/api/v1/users/7/orders', '/api/v1/users/8/orders/9', '/api/v1/users/8/orders/9/broken?x', '/graphql'])
      assert.deepEqual(routes(read), {
        'GET /api/v1/users/:id/orders': 1,
        'GET /api/v1/users/:id/orders/:order': 1,
        'GET /api/v1/users/:id/orders/:order/broken': 1,
        'GET /graphql/*': 1
      })
      assert.equal(read().traffic.errors, 1)
      assert.equal(read().routes.find(({ route }) => route.endsWith('broken')).errors, 1)
    })

    test('a request that meets the middleware twice is counted once', async (t) => {
      const { express, middleware, read } = setUp()
      const app = expressOf()
      app.use(middleware, middleware)
      const admin = expressOf()
      admin.use(express())
      admin.get('/x', (req, res) => res.end())
      app.use('/admin', admin)
      const port = await listen(t, app)
      await ask(port, read, ['/admin/x', '/admin/x'])
      assert.deepEqual(read().traffic, { requests: 2, errors: 0, aborted: 0, inFlight: 0 })
      assert.deepEqual(routes(read), { 'GET /admin/x': 2 })
    })

    test('a request that the client aborts is counted as aborted and is no latency', async (t) => {
      const { middleware, read } = setUp()
      const app = expressOf()
      app.use(middleware)
      const waiting = new EventEmitter()
      app.get('/slow', () => waiting.emit('request'))
      const port = await listen(t, app)
      const arrived = once(waiting, 'request')
      const client = http.get({ port, host: '127.0.0.1', path: '/slow', agent: false }).on('error', () => {})
      await arrived
      assert.equal(read().traffic.inFlight, 1)
      client.destroy()
      await until(() => read().traffic.inFlight === 0)
      assert.deepEqual(read().traffic, { requests: 0, errors: 0, aborted: 1, inFlight: 0 })
      assert.deepEqual(read().latency, { p50Ms: null, p99Ms: null })
      assert.deepEqual(read().routes.map(({ route, aborted }) => [route, aborted]), [['GET /slow', 1]])
    })

    test('the status handler answers with the state, the traffic and the routes as JSON', async (t) => {
      const { express, middleware, read } = setUp()
      const app = expressOf()
      app.use(middleware)
      app.get('/users/:id', (req, res) => res.end())
      app.get('/tidemark', express.status())
      const port = await listen(t, app)
      await ask(port, read, ['/users/1'])
      const { status, headers, body } = await request(port, '/tidemark')
      assert.equal(status, 200)
      assert.match(headers['content-type'], /^application\/json/)
      assert.equal(headers['cache-control'], 'no-store')
      const answer = JSON.parse(body)
      assert.equal(answer.state, 'steady')
      assert.equal(answer.traffic.requests, 1)
      assert.equal(answer.traffic.inFlight, 1)
      assert.ok(answer.latency.p99Ms > 0)
      assert.equal(answer.latencyMemoryCorrelation, null)
      assert.equal(answer.routes[0].route, 'GET /users/:id')
    })
  })
}

describe('a server without Express', DEADLINE, () => {
  test('any server that calls (req, res, next) is served', async (t) => {
    const { middleware, express, read } = setUp()
    const status = express.status()
    const port = await listen(t, (req, res) => {
      middleware(req, res, () => {
        if (req.url === '/tidemark') return status(req, res)
        res.statusCode = req.url === '/broken' ? 503 : 200
        res.end()
      })
    })
    await ask(port, read, ['/', '/broken'])
    const answer = JSON.parse((await request(port, '/tidemark')).body)
    assert.deepEqual(answer.traffic, { requests: 2, errors: 1, aborted: 0, inFlight: 1 })
    assert.deepEqual(answer.routes.map(({ route }) => route), ['(unmatched)'])
  })

  test('a middleware that was not called is one warning with a code, and every request is served', async (t) => {
    const warnings = []
    const onWarning = (warning) => { if (warning.code === 'ERR_TIDEMARK_EXPRESS_NOT_CALLED') warnings.push(warning.message) }
    process.on('warning', onWarning)
    t.after(() => process.off('warning', onWarning))
    const express = createMiddleware(new FakeMonitor())
    for (const framework of ['express', 'express4']) {
      const app = require(framework)()
      app.use(express)
      app.get('/', (req, res) => res.send('here'))
      const port = await listen(t, app)
      for (let i = 0; i < 2; i++) assert.equal((await request(port, '/')).status, 200)
    }
    assert.deepEqual(warnings.map((message) => message.includes('tidemark.express()')), [true])
    await until(() => readStatus(express).traffic.requests === 4)
  })

  test('a server that calls it without next is served', async (t) => {
    const { middleware, read } = setUp()
    const port = await listen(t, (req, res) => {
      middleware(req, res)
      res.end()
    })
    await ask(port, read, ['/'])
    assert.equal(read().traffic.requests, 1)
  })

  test('a request or a response that is none does no harm', () => {
    const { middleware } = setUp()
    let reached = 0
    for (const [req, res] of [[{}, {}], [null, null], [{}, Object.freeze({ on () {} })]]) middleware(req, res, () => reached++)
    assert.equal(reached, 3)
  })

  test('what the app throws in next() is the app\'s own', () => {
    const { middleware } = setUp()
    const mine = new Error('mine')
    assert.throws(() => middleware({}, new EventEmitter(), () => { throw mine }), mine)
  })

  test('a response that never emits \'close\', or has ended before, is counted right', () => {
    const { middleware, read } = setUp()
    const res = Object.assign(new EventEmitter(), { statusCode: 200 })
    middleware({ method: 'GET' }, res, () => {})
    res.emit('finish')
    middleware({ method: 'GET' }, Object.assign(new EventEmitter(), { writableEnded: true }), () => {})
    assert.deepEqual(read().traffic, { requests: 1, errors: 0, aborted: 0, inFlight: 0 })
  })

  test('a response that another object emits for is counted as any other', () => {
    const { middleware, read } = setUp()
    const wraps = [
      (res) => Object.create(res),
      (res) => ({ statusCode: 200, on: (...args) => { res.on(...args) } }),
      (res) => new Proxy(res, {})
    ]
    for (const wrap of wraps) {
      for (const events of [['finish', 'close'], ['close']]) {
        const res = Object.assign(new EventEmitter(), { statusCode: 200 })
        const wrapped = wrap(res)
        for (let i = 0; i < 2; i++) middleware({ method: 'GET' }, wrapped, () => {})
        for (const event of events) res.emit(event)
      }
    }
    assert.deepEqual(read().traffic, { requests: 3, errors: 0, aborted: 3, inFlight: 0 })
  })

  test('a response that keeps its listeners to itself throws nothing into the server', () => {
    const { middleware } = setUp()
    const real = new EventEmitter()
    const res = Object.assign(new EventEmitter(), { on: (...args) => { real.on(...args) } })
    middleware({ method: 'GET' }, res, () => {})
    assert.ok(real.emit('finish'))
    assert.ok(real.emit('close'))
  })

  test('the status handler never throws into the app', () => {
    const express = createMiddleware({ status () { throw new Error('no status') } })
    const answers = []
    express.status()({}, { setHeader () {}, end (body) { answers.push([this.statusCode, body]) } })
    assert.deepEqual(answers, [[500, '{"error":"The status could not be read."}']])
    express.status()({}, null)
    express.status()({}, { headersSent: true, end () { throw new Error('answered twice') } })
    express.status()({}, { setHeader () { throw new Error('no headers') } })
  })

  test('a router that makes up templates does not fill the memory', () => {
    const { middleware, read } = setUp()
    for (let i = 0; i < 600; i++) {
      const res = Object.assign(new EventEmitter(), { statusCode: 200 })
      const path = [...String(i)].map((digit) => `/:${'abcdefghij'[digit]}`).join('')
      middleware({ method: 'GET', route: { path } }, res, () => {})
      res.emit('finish')
      res.emit('close')
    }
    const { routes, traffic } = read()
    assert.equal(routes.length, 501)
    assert.deepEqual([routes[0].route, routes[0].requests], ['(other)', 100])
    assert.deepEqual([traffic.requests, traffic.aborted], [600, 0])
  })

  test('a router that makes a template of every token has one', () => {
    const { middleware, read } = setUp()
    for (let i = 0; i < 10; i++) {
      const res = Object.assign(new EventEmitter(), { statusCode: 200 })
      middleware({ method: 'GET', route: { path: `/preview/9fJk2Lm${i}QwErT/:part` } }, res, () => {})
      res.emit('finish')
    }
    assert.deepEqual(read().routes.map(({ route, requests }) => [route, requests]), [['GET /preview/[…]/:part', 10]])
  })
})

describe('the line of stats', DEADLINE, () => {
  /** Serves requests until the logger has got its first line. */
  async function firstLine (t, logger, got, { monitor, express } = setUp()) {
    const middleware = express({ logger, interval: SOON })
    const port = await listen(t, (req, res) => middleware(req, res, () => res.end()))
    await until(async () => {
      await request(port, '/')
      return got()
    })
    return monitor
  }

  const SENTENCE = /^tidemark: steady, heap 50 MB after GC, \+1\.0 MB\/s; \d+ requests? in \d+ m?s, (1 in flight, )?p50 [\d.]+ ms, p99 [\d.]+ ms, GC 0 % of the time/

  test('pino gets the numbers and the sentence', async (t) => {
    let pino
    try {
      pino = require('pino')
    } catch (error) {
      return t.skip(`pino does not load on this Node.js: ${error.message}`)
    }
    const { stream, lines } = sink()
    await firstLine(t, pino(stream), () => lines.length > 0)
    const line = JSON.parse(lines[0])
    assert.equal(line.level, 30)
    assert.match(line.msg, SENTENCE)
    assert.deepEqual(Object.keys(line.tidemark).sort(), [
      'aborted', 'channel', 'errors', 'gcShare', 'growthRate', 'heapAfterGc', 'inFlight', 'intervalMs',
      'latencyMemoryCorrelation', 'p50Ms', 'p99Ms', 'requests', 'state'
    ])
    assert.equal(line.tidemark.heapAfterGc, 50e6)
    assert.ok(line.tidemark.requests > 0)
  })

  test('winston gets the sentence and the numbers', async (t) => {
    const winston = require('winston')
    const { stream, lines } = sink()
    const logger = winston.createLogger({ transports: [new winston.transports.Stream({ stream })] })
    await firstLine(t, logger.child({ service: 'shop' }), () => lines.length > 0)
    const line = JSON.parse(lines[0])
    assert.equal(line.level, 'info')
    assert.match(line.message, SENTENCE)
    assert.ok(line.tidemark.requests > 0)
    assert.equal(line.service, 'shop')
  })

  test('console gets the sentence, on one line', async (t) => {
    const { stream, lines } = sink()
    await firstLine(t, new Console(stream), () => lines.length > 0)
    assert.match(lines[0], SENTENCE)
    assert.equal(lines.filter((line) => !line.startsWith('tidemark: ')).length, 0)
  })

  test('a logger that has only log() gets the sentence', async (t) => {
    const got = []
    await firstLine(t, { log: (...args) => got.push(args) }, () => got.length > 0)
    assert.equal(got[0].length, 1)
    assert.match(got[0][0], SENTENCE)
  })

  test('a logger that throws or rejects is said once, and the requests go on', async (t) => {
    for (const info of [() => { throw new Error('disk full') }, async () => { throw new Error('disk full') }]) {
      let calls = 0
      const warnings = []
      const onWarning = (warning) => { if (warning.code === 'ERR_TIDEMARK_LOGGER') warnings.push(warning) }
      process.on('warning', onWarning)
      await firstLine(t, { info () { calls++; return info() } }, () => calls >= 3)
      await until(() => warnings.length > 0)
      process.off('warning', onWarning)
      assert.equal(warnings.length, 1)
      assert.match(warnings[0].message, /^The `logger` threw: disk full\./)
    }
  })

  test('there is none without requests, and none while the monitor is stopped', async (t) => {
    const setup = setUp()
    const got = []
    const monitor = await firstLine(t, { info: (line) => got.push(line) }, () => got.length > 0, setup)
    // Lines that came without requests would come for ever, and the test would pass its deadline.
    let lines
    do {
      lines = got.length
      await new Promise((resolve) => setTimeout(resolve, 3 * SOON))
    } while (got.length > lines)

    monitor.running = false
    const middleware = setup.express({ logger: { info: () => assert.fail('a line while stopped') }, interval: SOON })
    monitor.running = false
    middleware({}, Object.assign(new EventEmitter(), { statusCode: 200 }), () => {})
    await new Promise((resolve) => setTimeout(resolve, 3 * SOON))
  })

  test('it names the channel that leaks, errors, aborted requests and those in flight', () => {
    const { statsLine } = require('../lib/express/line')
    const stats = {
      intervalMs: 60000,
      state: 'leaking',
      channel: 'external',
      heapAfterGc: 50e6,
      growthRate: 1e6,
      requests: 1,
      errors: 2,
      aborted: 3,
      inFlight: 4,
      p50Ms: 1.25,
      p99Ms: 140,
      gcShare: 0.013,
      latencyMemoryCorrelation: 0.876
    }
    assert.equal(statsLine(stats), 'tidemark: leaking (external), heap 50 MB after GC, external +1.0 MB/s; ' +
      '1 request in 1 min, 2 with a 5xx, 3 aborted, 4 in flight, p50 1.3 ms, p99 140 ms, GC 1.3 % of the time, ' +
      'correlation of latency with memory 0.88')
    assert.equal(statsLine({ ...stats, channel: 'resources', state: 'settling', heapAfterGc: null, growthRate: 2, errors: 0, aborted: 0, inFlight: 0, p50Ms: null, p99Ms: null, latencyMemoryCorrelation: null }),
      'tidemark: settling (resources), resources +120.0/min; 1 request in 1 min, GC 1.3 % of the time')
  })
})

describe('options', () => {
  test('wrong and unknown options are told by name', () => {
    const express = createMiddleware(new FakeMonitor())
    const wrong = [
      [{ logger: {} }, 'ERR_TIDEMARK_OPTION', /`logger` to be a logger with an `info` or a `log` function/],
      [{ logger: 'console' }, 'ERR_TIDEMARK_OPTION', /got 'console'/],
      [{ interval: 0 }, 'ERR_TIDEMARK_OPTION', /`interval` to be an integer from 1 to 2147483647, got 0/],
      [{ interval: '60s' }, 'ERR_TIDEMARK_OPTION', /got '60s'/],
      [{ intervalMs: 1000 }, 'ERR_TIDEMARK_UNKNOWN_OPTION', /Did you mean `interval`\?/],
      [null, 'ERR_TIDEMARK_OPTION', /`options` to be an object/]
    ]
    for (const [options, code, message] of wrong) assert.throws(() => express(options), { code, message })
  })

  test('options are not changed', () => {
    const options = Object.freeze({ logger: console, interval: 1000 })
    setUp(options)
    assert.deepEqual(options, { logger: console, interval: 1000 })
  })
})

describe('the monitor', DEADLINE, () => {
  test('making the middleware starts it, and leaves it to the app to start it with options', async () => {
    const { running, afterOnce, detector, code } = await result('express-starts-monitor.js')
    assert.equal(running, true)
    assert.equal(afterOnce, true)
    assert.equal(detector, 'memwatch')
    assert.equal(code, undefined)
  })

  test('tidemark/express is the same function as tidemark.express, for require and import', async () => {
    const { same, imported } = await result('express-subpath.mjs')
    assert.equal(same, true)
    assert.equal(imported, true)
  })

  test('neither requests nor responses, nor an app that is gone, are held', async () => {
    const { requests, apps } = await result('express-holds-nothing.js', { nodeArgs: ['--expose-gc'] })
    assert.equal(requests, 0)
    assert.equal(apps, 0)
  })

  test('a logger does not keep the process alive', async () => {
    const { last } = await result('express-exits-by-itself.js')
    assert.equal(last, 'end of main')
  })
})
