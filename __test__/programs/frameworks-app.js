'use strict'

// A server of one framework, of which one route keeps its requests; tells what RouteEvidence and the counts say of its
// routes. What stands for a parameter in a URL are names that look like words of the code. Argument: the framework.
// Wants --expose-gc.
const { once } = require('node:events')
const http = require('node:http')
const { performance } = require('node:perf_hooks')
const { setImmediate } = require('node:timers/promises')
const tidemark = require('../..')
const { RouteEvidence } = require('../../lib/evidence/routes')

const NAMES = ['anna', 'berta', 'clara', 'dora', 'emma', 'frieda', 'greta', 'hanna', 'irma', 'julia', 'klara', 'lena']
const ROUNDS = 4

const kept = []

/** Each has GET /api/users/:name, which keeps its request, /fine/:name, which does not, and /fails/:name. */
const FRAMEWORKS = {
  async fastify () {
    const app = require('fastify')()
    app.register(require('tidemark/fastify'), { interval: 1000 })
    app.register(async (api) => { api.get('/users/:name', async (request) => { kept.push(request); return {} }) }, { prefix: '/api' })
    app.get('/fine/:name', async () => ({}))
    app.get('/fails/:name', async () => { throw new Error('as it should') })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server
  },
  async koa () {
    const Koa = require('koa')
    const { Router } = require('@koa/router')
    const app = new Koa()
    app.silent = true
    app.use(require('tidemark/koa')())
    const api = new Router({ prefix: '/api' })
    api.get('/users/:name', async (context) => { kept.push(context); context.body = {} })
    const router = new Router()
    router.get('/fine/:name', async (context) => { context.body = {} })
    router.get('/fails/:name', async () => { throw new Error('as it should') })
    app.use(api.routes()).use(router.routes())
    return app.listen(0, '127.0.0.1')
  },
  async hono () {
    const { Hono } = await import('hono')
    const { serve } = await import('@hono/node-server')
    const { default: counts } = await import('tidemark/hono')
    const app = new Hono()
    app.use(counts())
    app.onError((error, context) => context.text('as it should', 500))
    app.route('/api', new Hono().get('/users/:name', (context) => { kept.push(context.env.incoming); return context.json({}) }))
    app.get('/fine/:name', (context) => context.json({}))
    app.get('/fails/:name', () => { throw new Error('as it should') })
    return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  },
  async nest () {
    const app = await nest()
    app.use(tidemark.express())
    await app.listen(0, '127.0.0.1')
    return app.getHttpServer()
  },
  async 'nest-fastify' () {
    const { FastifyAdapter } = await import('@nestjs/platform-fastify')
    const app = await nest(new FastifyAdapter())
    await app.register(require('tidemark/fastify'))
    await app.listen(0, '127.0.0.1')
    return app.getHttpServer()
  }
}

async function nest (...adapter) {
  require('reflect-metadata')
  const { Controller, Get, Module, Req } = await import('@nestjs/common')
  const { NestFactory } = await import('@nestjs/core')
  class Api {
    find (request) { kept.push(request); return {} }
    fine () { return {} }
    fails () { throw new Error('as it should') }
  }
  // What a compiler makes of `@Get('api/users/:name')`.
  for (const [method, path] of Object.entries({ find: 'api/users/:name', fine: 'fine/:name', fails: 'fails/:name' })) {
    Get(path)(Api.prototype, method, Object.getOwnPropertyDescriptor(Api.prototype, method))
  }
  Req()(Api.prototype, 'find', 0)
  Controller()(Api)
  class App {}
  Module({ controllers: [Api] })(App)
  return NestFactory.create(App, ...adapter, { logger: false })
}

async function main () {
  const evidence = new RouteEvidence()
  evidence.start()
  const server = await FRAMEWORKS[process.argv[2]]()
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address()
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
  let fullGcs = 0
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(NAMES.flatMap((name) => ['/api/users', '/fine', '/fails', '/nothing'].map((path) => get({ port, agent, path: `${path}/${name}` }))))
    for (let i = 0; i < 2; i++) {
      await setImmediate()
      globalThis.gc()
      await setImmediate()
      evidence.tick(performance.now(), { fullGcs: ++fullGcs, level: undefined })
    }
  }
  const findings = (await evidence.findings()).map(({ key, description }) => ({ key, description }))
  const { traffic, routes } = statusOf()
  console.log(JSON.stringify({ kept: kept.length, findings, traffic, routes: Object.fromEntries(routes.map(({ route, requests, errors }) => [route, { requests, errors }])) }))
  process.exit()
}

function get (options) {
  return new Promise((resolve) => http.get({ host: '127.0.0.1', ...options }, (res) => res.resume().on('end', resolve)))
}

function statusOf () {
  let body
  tidemark.express.status()({ method: 'GET' }, { setHeader () {}, end (text) { body = text } })
  return JSON.parse(body)
}

main()
