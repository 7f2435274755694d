'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { after, describe, test } = require('node:test')
const { result, run } = require('./helpers/child')
const { Served } = require('../lib/leak-test/server/served')
const { resultOfServer } = require('../lib/leak-test/server/result')
const { readRoutes } = require('../lib/leak-test/server/routes')

const COMMAND = path.join(__dirname, '..', 'bin', 'tidemark.js')
const APP = path.join(__dirname, 'programs', 'leak-test-app.js')
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-server-'))
after(() => fs.rmSync(folder, { recursive: true, force: true }))

/** A program that goes on after it has said what it found does not pass its deadline. */
const measure = (kind, options = {}) => result('leak-test-server.js', { args: [kind, JSON.stringify({ requests: 500, budget: 600000, ...options })], deadlineMs: 240000 })

describe('an Express app', () => {
  test('with a route that leaks is told with what, how much and by whom it is held; the clean route is not', async () => {
    const artifacts = path.join(folder, 'leaks')
    const { verdict, message, routes } = await measure('express5', { artifacts })
    assert.equal(verdict, 'leaks', message)
    assert.deepEqual(routes.map(({ route, verdict }) => [route, verdict]), [['GET /', 'clean'], ['GET /cart', 'leaks']], message)
    assert.match(message, /^leaks in 1 of 2 routes\nGET \/cart grows by 1 Session \(\d+ bytes\) a request: held by Map `sessions` \(.*leak-test-server\.js:\d+\)/)
    assert.match(message, /\n {2}allocated: .*leak-test-server\.js:\d+/)
    assert.match(message, /\nclean: GET \/\nnote: Not requested: GET \/products\/:id, the routes of its routers\./)
    const [{ suspects: [suspect] }] = routes.slice(1)
    assert.ok(Math.abs(suspect.objectsPerCall - 1) < 0.05, JSON.stringify(suspect))
    assert.deepEqual(routes.map(({ outlived }) => outlived.alive), [0, 0])
    // Of the clean route nothing is kept.
    const files = ['before.heapsnapshot', 'after.heapsnapshot', 'report.md'].map((name) => path.join(artifacts, 'GET-cart-1', name))
    assert.deepEqual(routes.map((route) => route.files), [[], files])
    assert.deepEqual(fs.readdirSync(artifacts), ['GET-cart-1'])
    const report = fs.readFileSync(files[2], 'utf8')
    assert.match(report, /^# `GET \/cart` leaks\n\nGET \/cart grows by 1 Session .* a request: /)
    assert.match(report, /\n\| a request adds \| /)
  })

  test('whose requests outlive their responses is told so', async () => {
    const { message, routes: [{ verdict, outlived }] } = await measure('express4', { urls: ['/kept'] })
    assert.equal(verdict, 'leaks', message)
    assert.match(message, /\nGET \/kept grows by .* a request: held by .*`kept`/)
    assert.match(message, /also its requests outlive their responses: \d+ of 3\d were still there/)
    assert.equal(outlived.alive, outlived.looked)
  })

  for (const version of ['express', 'express4']) {
    test(`tells its routes, on its own and in its server (${version})`, () => {
      const express = require(version)
      const app = express()
      app.get(['/', '/home'], () => {}).get('/users/:id', () => {}).post('/orders', () => {}).get('/last', () => {})
      for (const told of [app, http.createServer(app)]) {
        const { routes, leftOut } = readRoutes(undefined, undefined, told)
        assert.deepEqual(routes.map(({ name }) => name), ['GET /', 'GET /home', 'GET /last'])
        assert.deepEqual(leftOut, ['GET /users/:id'])
      }
      assert.throws(() => readRoutes(undefined, undefined, express().get('/users/:id', () => {})), { code: 'ERR_TIDEMARK_SERVER', reason: 'routes', message: /GET \/users\/:id/ })
    })
  }
})

describe('a server', () => {
  const answer = (req, res) => res.end('answer')
  const apps = {
    'a function': () => answer,
    'Express': () => require('express')().get('/', answer),
    'Koa': () => new (require('koa'))().use((context) => { context.body = 'answer' }),
    'Fastify': () => require('fastify')().get('/', async () => 'answer'),
    'node:http': () => http.createServer(answer),
    'what has its server beneath, as NestJS': () => ({ init: async () => {}, getHttpServer: () => http.createServer(answer) })
  }
  for (const [name, make] of Object.entries(apps)) {
    test(`of ${name} listens for the test, and no longer`, async () => {
      const served = await Served.start(make())
      const body = await text(served.origin)
      await served.close()
      assert.equal(body, 'answer')
      await assert.rejects(text(served.origin), { code: 'ECONNREFUSED' })
    })
  }

  test('that ends its connections by itself is found clean, and nothing of the test is left', async () => {
    const { verdict, message, open } = await measure('closes', { urls: ['/'], requests: 60 })
    assert.equal(verdict, 'clean', message)
    assert.deepEqual(open.after, open.before)
  })

  test('that listens already goes on listening; the monitor, which would give objects new numbers, does not go on', async () => {
    const { verdict, message, listening, watched } = await measure('listens', { urls: [{ url: '/', method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }], requests: 60 })
    assert.equal(verdict, 'clean', message)
    assert.deepEqual([listening, watched], [true, false])
  })

  test('that fails is an annotation for each route and a summary in GitHub Actions', async () => {
    const summary = path.join(folder, 'summary.md')
    const { stdout } = await run(path.join(__dirname, 'programs', 'leak-test-server.js'), {
      args: ['asserts', JSON.stringify({ urls: ['/', '/a?b=1'], requests: 60, explain: false })],
      env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary }
    })
    assert.match(stdout, /^\n::error title=Memory leak in GET \/::GET \/ left .*timers open[^\n]*\n\n::error title=Memory leak in GET \/a\?b=1::[^\n]*\n\{"code":"ERR_TIDEMARK_LEAK"/)
    assert.match(fs.readFileSync(summary, 'utf8'), /^# `GET \/` leaks\n[^]*\n# .* leaks\n/)
  })

  test('whose requests leave timers behind is told so', async () => {
    const { verdict, message } = await measure('timers', { urls: ['/'] })
    assert.equal(verdict, 'leaks', message)
    assert.match(message, /\nGET \/ left [\d,]+ timers open in [\d,]+ requests \(.*leak-test-server\.js:\d+\): call clearTimeout\(\) or clearInterval\(\)/)
  })
})

test('a rule to ignore that matches in one route is not told as one that matches nothing', () => {
  const rules = [{ class: 'Session', reason: 'known' }, { class: 'Gone', reason: 'known' }]
  const route = (name, ignored) => ({ route: name, verdict: 'clean', message: '', ignored })
  const { verdict, message, notes } = resultOfServer([route('GET /', []), route('GET /cart', [{ rule: rules[0] }])], { leftOut: [], ignore: rules, elapsedMs: 1 })
  assert.equal(verdict, 'clean')
  assert.deepEqual(notes, ["The rule to ignore 'Gone' matched nothing: remove it."])
  assert.equal(message, `does not leak: nothing grows in 2 of 2 routes\nnote: ${notes[0]}`)
})

describe('the test ends with an error that says why', () => {
  const failures = [
    ['a server that answers 500', 'status', { urls: ['/500'] }, 'ERR_TIDEMARK_SERVER', 'status', /^GET \/500 answered 500 to 1 of 1 requests\./],
    ['a path that is not there', 'status', { urls: ['/404'] }, 'ERR_TIDEMARK_SERVER', 'status', /^GET \/404 answered 404 to 1 of 1 requests\..*`expectStatus`/],
    ['a server that is overloaded now and then', 'sometimes', { urls: ['/'] }, 'ERR_TIDEMARK_SERVER', 'status', /^GET \/ answered 503 to \d+ of \d+ requests\./],
    ['a server that closes connections', 'destroys', { urls: ['/'] }, 'ERR_TIDEMARK_SERVER', 'connection', /^GET \/ closed the connection without an answer for 1 of 1 requests/],
    ['a server that closes some connections', 'destroys some', { urls: ['/'] }, 'ERR_TIDEMARK_SERVER', 'connection', /^GET \/ closed the connection without an answer for \d+ of \d+ requests/],
    ['a server that does not answer', 'silent', { urls: ['/'], timeout: 1000 }, 'ERR_TIDEMARK_SERVER', 'timeout', /^GET \/ did not answer 1 of 1 requests within 1 s/],
    ['an app that does not tell its routes', 'function', {}, 'ERR_TIDEMARK_SERVER', 'routes', /does not tell its routes, as only an Express app does\..*--url/],
    ['what is no app', 'nothing', { urls: ['/'] }, 'ERR_TIDEMARK_OPTION', undefined, /Expected `app` to be an Express app, .* got an object\./],
    ['a path that is none', 'function', { urls: ['products'] }, 'ERR_TIDEMARK_OPTION', undefined, /Expected `urls` to be an array of paths/],
    ['an installation without autocannon', 'without autocannon', { urls: ['/'] }, 'ERR_TIDEMARK_LOAD', 'missing', /npm install --save-dev autocannon\.$/]
  ]
  for (const [what, kind, options, code, reason, message] of failures) {
    test(`of ${what}`, async () => {
      const failure = await measure(kind, options)
      assert.deepEqual([failure.code, failure.reason], [code, reason], JSON.stringify(failure))
      assert.match(failure.message, message)
    })
  }

  test('and a status that is meant is no error', async () => {
    const { routes } = readRoutes([{ url: '/404', expectStatus: 404 }, '/500', 'POST /'], [500, 503], undefined)
    assert.deepEqual(routes.map(({ isExpected }) => [200, 404, 500, 503].filter(isExpected)), [[404], [500, 503], [500, 503]])
    assert.deepEqual(readRoutes(['/'], undefined, undefined).routes.map(({ isExpected }) => [199, 200, 304, 400].filter(isExpected)), [[200, 304]])
  })
})

describe('tidemark check', () => {
  const check = (...args) => run(COMMAND, { args: ['check', APP, ...args], deadlineMs: 240000 })

  test('ends with 0 where an app is clean', async () => {
    const { code, stdout, stderr } = await check('--url', '/', '--requests', '60', '--budget', '600000')
    assert.equal(code, 0, stdout + stderr)
    assert.match(stdout, /^.*leak-test-app\.js on port \d+ does not leak: nothing grows in 1 of 1 route\n\n/)
    assert.match(stdout, /\n +clean +- +- +0 of \d+ +[\d,]+ +[\w ]+ {2}GET \/\n$/)
    assert.doesNotMatch(stdout + stderr, /what an app writes/)
  })

  test('ends with 1 where a route leaks, and names it', async () => {
    const { code, json, stdout, stderr } = await check('--url=/cart', '--requests=500', '--budget=600000', '--json').then((ended) => ({ ...ended, json: parsed(ended.stdout) }))
    assert.equal(code, 1, stdout + stderr)
    assert.deepEqual(json.schema, { name: 'tidemark-check', version: 1 })
    assert.deepEqual(json.routes.map(({ route, verdict }) => [route, verdict]), [['GET /cart', 'leaks']])
    assert.match(json.message, /GET \/cart grows by 1 \{.*\} \(\d+ bytes\) a request: held by Array `sessions`/)
  })

  test('ends with 2 where the budget does not suffice, and says which does', async () => {
    const { code, stdout, stderr } = await check('--url', '/slow', '--requests', '1000', '--budget', '2000', '--format', 'md')
    assert.equal(code, 2, stdout + stderr)
    assert.match(stdout, /^# `.*leak-test-app\.js` on port \d+ undecided for 1 of 1 route\n/)
    assert.match(stdout, /\n {2}- next: a budget of .* or more/)
  })

  const failures = [
    ['an app that does not start', ['--url', '/', '--', '--throw'], /^tidemark: The app ended with code 1 before it listened: TypeError: no database\.\n$/],
    ['an app that ends', ['--url', '/exit'], /^tidemark: The app ended with code 3 during the test/],
    ['an app of two servers', ['--url', '/', '--', '--two'], /^tidemark: The app listens on ports \d+, \d+\. Name the one to test: --port \d+\.\n$/],
    ['a path that is none', ['--url', 'cart'], /^tidemark: Expected `urls` to be an array of paths/]
  ]
  for (const [what, args, message] of failures) {
    test(`ends with 1 and a reason for ${what}`, async () => {
      const { code, stdout, stderr } = await check(...args)
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, message)
    })
  }
})

function text (url) {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (part) => { body += part }).on('end', () => resolve(body))
    }).on('error', reject)
  })
}

function parsed (text) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
