'use strict'

// Tests one server for leaks and says what was found and what is open then, as JSON; ends by itself.

const http = require('node:http')
const { once } = require('node:events')
const Module = require('node:module')
const tidemark = require('../..')
const { assertServerNoLeak, measureServerLeak } = require('../../lib/leak-test/server')

const [kind, options = '{}'] = process.argv.slice(2)

class Session {
  constructor () {
    this.id = `session ${sessions.size}`
    this.at = 1
  }
}
const sessions = new Map()
const kept = []

/** What leaks beside what does not. */
function express (name) {
  const app = require(name)()
  app.use((req, res, next) => next())
  app.get('/', (req, res) => res.json({ hello: 'world' }))
  app.get('/cart', (req, res) => {
    const session = new Session()
    sessions.set(session.id, session)
    res.send('cart')
  })
  if (name === 'express4') {
    app.get('/kept', (req, res) => {
      kept.push(req)
      res.send('kept')
    })
  }
  app.get('/products/:id', (req, res) => res.send(req.params.id))
  app.use('/admin', require(name).Router().get('/users', (req, res) => res.send('users')))
  return app
}

const answer = (req, res) => res.end('answer')

/** Each with what ends what was begun for it. */
const APPS = {
  express5: () => express('express'),
  express4: () => express('express4'),
  function: () => answer,
  closes: () => http.createServer((req, res) => res.writeHead(200, { connection: 'close' }).end('answer')),
  timers: () => (req, res) => {
    setInterval(() => {}, 1e6)
    res.end('answer')
  },
  status: () => (req, res) => {
    res.statusCode = { '/500': 500, '/404': 404 }[req.url] ?? 200
    res.end()
  },
  sometimes: () => {
    let count = 0
    return (req, res) => {
      res.statusCode = count++ % 10 === 9 ? 503 : 200
      res.end()
    }
  },
  destroys: () => (req) => { req.socket.destroy() },
  'destroys some': () => {
    let count = 0
    return (req, res) => count++ % 5 === 4 ? req.socket.destroy() : res.end()
  },
  silent: () => () => {},
  nothing: () => ({})
}

async function main () {
  if (kind === 'without autocannon') {
    const names = /** @type {any} */ (Module)
    const resolve = names['_resolveFilename']
    names['_resolveFilename'] = function (name, ...args) {
      if (name === 'autocannon') throw Object.assign(new Error('Cannot find it'), { code: 'MODULE_NOT_FOUND' })
      return resolve.call(this, name, ...args)
    }
  }
  // Those of the process itself are opened when they are first asked for.
  const open = () => process.stdout.writable && process.stderr.writable ? process.getActiveResourcesInfo() : []
  const before = open()
  if (kind === 'listens') {
    const server = http.createServer(answer).listen(0, '127.0.0.1')
    await once(server, 'listening')
    tidemark.start()
    const result = await measureServerLeak(server, JSON.parse(options))
    const { listening } = server
    server.close()
    return { ...result, listening, watched: tidemark.status().running }
  }
  if (kind === 'asserts') return assertServerNoLeak(APPS.timers(), JSON.parse(options))
  const result = await measureServerLeak((APPS[kind] ?? APPS.function)(), JSON.parse(options))
  return { ...result, open: { before, after: open() } }
}

main()
  .catch(({ code, reason, message }) => ({ code, reason, message }))
  .then((found) => {
    console.log(JSON.stringify(found))
    // Its timers are what is to be found.
    if (kind === 'timers' || kind === 'asserts') process.exit()
  })
