'use strict'

// The services of the long run: of each kind a healthy one and one that leaks. Written before the first run, and nothing is
// tuned on them. `app` mounts routes on an Express app; `means` has:
// each: bytes that a request keeps in a service that leaks, so that the limit is reached in `hours`;
// ballast(bytes): an object of about that size; room: bytes to the limit.
// `load` is requests a second and what each asks for; a service with `clients` is also given connections.

const MINUTE = 60000

/** Zipf's law as the web has it: the same few keys, and always a new one. */
function zipf (keys) {
  return Math.floor(keys ** Math.random())
}

/** Takes as many of `total` entries as there would be after this many minutes at the rate of requests. */
const fillsIn = (minutes, rate) => Math.round(minutes * 60 * rate)

const RATE = 10

const SERVICES = {
  'lru-cache': {
    hours: 1.5,
    path: () => `/user/${zipf(400000)}`,
    app (app, { leaky, each, ballast, room }) {
      const { LRUCache } = require('lru-cache')
      const max = fillsIn(12, RATE)
      const cache = leaky ? new Map() : new LRUCache({ max })
      const bytes = leaky ? each * 1.6 : 0.1 * room / max
      app.get('/user/:id', (req, res) => {
        if (!cache.has(req.params.id)) cache.set(req.params.id, ballast(bytes))
        res.json({ id: req.params.id, known: cache.size })
      })
    }
  },
  'express-session': {
    hours: 2,
    path: (n) => `/basket/${n % 50}`,
    app (app, { leaky, each, ballast, room }) {
      const session = require('express-session')
      const MemoryStore = require('memorystore')(session)
      const bytes = leaky ? each : 0.08 * room / fillsIn(8, RATE)
      app.use(session({
        secret: 'longrun',
        resave: false,
        saveUninitialized: true,
        ...leaky ? {} : { cookie: { maxAge: 8 * MINUTE }, store: new MemoryStore({ checkPeriod: MINUTE }) }
      }))
      app.get('/basket/:id', (req, res) => {
        // Of a session JSON is stored: three bytes of it a digit of the ballast.
        req.session.basket = ballast(bytes / 2.4).map((number) => Math.round(number * 1e15))
        res.json({ id: req.params.id })
      })
    }
  },
  'node-cache': {
    hours: 1,
    path: (n) => `/report/${n}`,
    app (app, { leaky, each, ballast, room }) {
      const NodeCache = require('node-cache')
      const cache = new NodeCache(leaky ? { useClones: false } : { stdTTL: 300, checkperiod: 60, useClones: false })
      const bytes = leaky ? each : 0.05 * room / fillsIn(5, RATE)
      app.get('/report/:id', (req, res) => {
        cache.set(req.params.id, ballast(bytes))
        res.json(cache.getStats())
      })
    }
  },
  ws: {
    hours: 3,
    path: (n) => `/page/${n % 20}`,
    // 300 connections that join within 10 minutes, each of which stays for 10.
    clients: { kind: 'ws', perSecond: 0.5, lifeMs: 10 * MINUTE },
    app (app) { app.get('/page/:id', (req, res) => { res.json({ id: req.params.id }) }) },
    server (server, { leaky, each, ballast, room }) {
      const { WebSocketServer } = require('ws')
      const known = new Map()
      new WebSocketServer({ server }).on('connection', (socket, req) => {
        // All the leak's requests are in 0.5 connections a second.
        socket.state = ballast(leaky ? each * RATE * 2 : 0.05 * room / 300)
        if (leaky) known.set(req.headers['sec-websocket-key'], socket.state)
        socket.on('message', (text) => socket.send(String(text)))
      })
    }
  },
  ioredis: {
    hours: 2.5,
    path: (n) => `/visit/${n}`,
    app (app, { leaky, each, ballast }) {
      const Redis = require('ioredis')
      const redis = new Redis({
        port: 1,
        host: '127.0.0.1',
        retryStrategy: () => 2000,
        // A queue for as long as the server is away: one that nobody bounds.
        ...leaky ? { maxRetriesPerRequest: null } : { enableOfflineQueue: false }
      })
      redis.on('error', () => {})
      app.get('/visit/:id', (req, res) => {
        // A command in the queue has 2 kB of its own.
        const body = JSON.stringify(ballast(Math.max(0, each - 1500) / 2))
        redis.set(`visit:${req.params.id}`, body).catch(() => {})
        res.json({ status: redis.status })
      })
    }
  },
  knex: {
    hours: 4,
    path: (n) => `/order/${n}`,
    app (app, { leaky, each, ballast, room }) {
      const knex = require('knex')
      const max = 40
      // knex and its pool as they are, with a connection that answers from memory.
      class Answers extends knex.Client {
        _driver () { return {} }
        acquireRawConnection () { return Promise.resolve({ buffers: ballast(0.05 * room / max) }) }
        destroyRawConnection () { return Promise.resolve() }
        _query (connection, query) {
          return new Promise((resolve) => setTimeout(resolve, 300 * Math.random())).then(() => Object.assign(query, { response: [{ id: 1 }] }))
        }
        processResponse (query) { return query.response }
      }
      const db = knex({ client: Answers, pool: { min: 0, max } })
      db.setMaxListeners(0)
      const listen = (context) => db.on('query-response', () => context.length)
      app.get('/order/:id', async (req, res) => {
        if (leaky) listen(ballast(each))
        res.json(await db.raw('select 1'))
      })
    }
  },
  apollo: {
    hours: 2,
    // 400 texts. With the id in the text each is a new one, and Apollo's cache of parsed texts has 30,000 entries of 4.5 kB.
    body: (n) => ({ query: `query Q${n % 400}($id: ID!) { product(id: $id) { id name } }`, variables: { id: String(n) } }),
    path: () => '/graphql',
    async app (app, { leaky, each, ballast }) {
      const { ApolloServer } = require('@apollo/server')
      const operations = []
      const server = new ApolloServer({
        typeDefs: 'type Product { id: ID! name: String } type Query { product(id: ID!): Product }',
        resolvers: { Query: { product: (_, { id }) => ({ id, name: `product ${id}` }) } },
        plugins: leaky ? [{ async requestDidStart ({ request }) { operations.push({ query: request.query, trace: ballast(each) }) } }] : []
      })
      await server.start()
      app.post('/graphql', (req, res, next) => {
        let text = ''
        req.on('data', (part) => { text += part })
        req.on('end', () => {
          server.executeOperation(JSON.parse(text)).then(({ body }) => res.json(body.singleResult), next)
        })
      })
    }
  },
  dataloader: {
    hours: 1.25,
    path: (n) => `/author/${n}`,
    app (app, { leaky, each, ballast, room }) {
      const DataLoader = require('dataloader')
      const load = (ids) => Promise.resolve(ids.map((id) => ({ id, posts: ballast(leaky ? each : 0.00001 * room) })))
      // One for each request is what it is made for.
      const shared = new DataLoader(load)
      app.get('/author/:id', async (req, res) => {
        const loader = leaky ? shared : new DataLoader(load)
        const { id } = await loader.load(req.params.id)
        res.json({ id })
      })
    }
  },
  pino: {
    hours: 5,
    path: (n) => `/tenant/${n}`,
    app (app, { leaky, each, ballast }) {
      const logger = require('pino')({ level: 'info' }, require('node:fs').createWriteStream('/dev/null'))
      const loggers = new Map()
      app.get('/tenant/:id', (req, res) => {
        const child = logger.child({ tenant: req.params.id, plan: ballast(Math.max(0, each - 1500) / 2).length })
        if (leaky) loggers.set(req.params.id, { child, plan: ballast(Math.max(0, each - 1500)) })
        child.info({ at: Date.now() }, 'seen')
        res.json({ tenants: loggers.size })
      })
    }
  },
  'socket.io': {
    hours: 1,
    path: (n) => `/page/${n % 20}`,
    clients: { kind: 'socket.io', perSecond: 0.5, lifeMs: 2 * MINUTE },
    app (app) { app.get('/page/:id', (req, res) => { res.json({ id: req.params.id }) }) },
    server (server, { leaky, each, ballast, room }) {
      const { EventEmitter } = require('node:events')
      const news = new EventEmitter().setMaxListeners(0)
      const { Server } = require('socket.io')
      new Server(server, { transports: ['websocket'] }).on('connection', (socket) => {
        socket.data.history = ballast(leaky ? each * RATE * 2 : 0.03 * room / 60)
        socket.join(`room ${Math.floor(10 * Math.random())}`)
        const tell = () => socket.emit('news', socket.data.history.length)
        news.on('item', tell)
        if (!leaky) socket.on('disconnect', () => news.off('item', tell))
      })
    }
  },
  timers: {
    hours: 6,
    path: (n) => `/job/${n}`,
    app (app, { leaky, each, ballast, room }) {
      const keyed = new Map()
      const lives = 6 * MINUTE
      const tick = (state) => setInterval(() => state.length, 3600000).unref()
      const bytes = leaky ? each : 0.06 * room / fillsIn(6, RATE)
      app.get('/job/:id', (req, res) => {
        const state = ballast(bytes)
        // The healthy one forgets a key after a while, as a rate limiter does.
        if (leaky) tick(state)
        else setTimeout(() => keyed.delete(req.params.id), lives).unref()
        if (!leaky) keyed.set(req.params.id, state)
        res.json({ keys: keyed.size })
      })
    }
  },
  buffers: {
    hours: 1.5,
    path: (n) => `/upload/${n}`,
    app (app, { leaky, each, room }) {
      const kept = []
      const most = fillsIn(10, RATE)
      const bytes = leaky ? each : 0.1 * room / most
      app.get('/upload/:id', (req, res) => {
        kept.push(Buffer.alloc(Math.round(bytes), 1))
        // The healthy one has a window of the newest.
        if (!leaky && kept.length > most) kept.shift()
        res.json({ kept: kept.length })
      })
    }
  }
}

/** @returns {Array<{name: string, kind: string, leaky: boolean}>} */
function all () {
  return Object.keys(SERVICES).flatMap((kind) => [false, true].map((leaky) => ({ name: `${leaky ? 'leak' : 'ok'}-${kind}`, kind, leaky })))
}

module.exports = { SERVICES, RATE, all }
