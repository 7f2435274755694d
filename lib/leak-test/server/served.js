'use strict'

const { channel } = require('node:diagnostics_channel')
const { once } = require('node:events')
const http = require('node:http')
const { createError, messageOf } = require('../../errors')
const { clearTimeout, now, setTimeout, wait } = require('../own')

const HOST = '127.0.0.1'

/** Milliseconds that connections of the load may take to be gone, a server to close, and between two looks. */
const IDLE_MS = 1000
const CLOSE_MS = 2000
const LOOK_MS = 5

/** Requests of a round that are watched: do they outlive their responses? */
const SAMPLE = 32

const APP = 'an Express app, a function (req, res), a Koa, Fastify or NestJS app, or an http.Server'

/**
 * A server under test: it listens, counts its requests and holds a sample of them weakly.
 */
class Served {
  #server
  #close
  #onRequest = (message) => this.#note(message)
  /** Requests that it was sent. */
  begun = 0
  #every = 1
  #taken = 0
  /** Of the last round and the one before. @type {{req: WeakRef<object>, res: WeakRef<object>}[]} */
  #sample = []
  #before = []
  /** Of the samples that are two rounds old, together with those of the last look. */
  outlived = { looked: 0, alive: 0 }

  /**
   * @param {import('node:http').Server} server that listens
   * @param {() => Promise<void>} close what ends what was begun for the test
   */
  constructor (server, close) {
    this.#server = server
    this.#close = close
    this.origin = originOf(server)
    channel('http.server.request.start').subscribe(this.#onRequest)
  }

  /**
   * @param {any} app
   * @returns {Promise<Served>}
   * @throws ERR_TIDEMARK_OPTION where it is no app, ERR_TIDEMARK_SERVER where it does not listen
   */
  static async start (app) {
    // Fastify, whose own listen() and close() run its hooks.
    if (typeof app?.ready === 'function' && isServer(app.server)) {
      if (app.server.listening) return new Served(app.server, async () => {})
      await listening(() => app.listen({ port: 0, host: HOST }))
      return new Served(app.server, async () => { await app.close() })
    }
    // NestJS.
    if (typeof app?.getHttpServer === 'function') {
      await app.init?.()
      return Served.start(app.getHttpServer())
    }
    if (isServer(app)) {
      if (app.listening) return new Served(app, async () => {})
      await listen(app)
      return new Served(app, () => closed(app))
    }
    const handler = typeof app === 'function' ? app : typeof app?.callback === 'function' ? app.callback() : undefined
    if (typeof handler !== 'function') throw createError('ERR_TIDEMARK_OPTION', ['app', APP, app])
    const server = http.createServer(handler)
    await listen(server)
    return new Served(server, () => closed(server))
  }

  /** From the next request on: which of them are watched. @param {number} requests that will come */
  beginRound (requests) {
    this.#every = Math.max(1, Math.floor(requests / SAMPLE))
    this.#taken = 0
    this.#before = this.#sample
    this.#sample = []
  }

  /** After a round and a full GC: which of those before the last round are still there. */
  lookAtOutlived () {
    const alive = this.#before.filter(({ req, res }) => req.deref() !== undefined || res.deref() !== undefined).length
    this.outlived = { looked: this.#before.length, alive }
  }

  /** Until the clients' connections are gone: what they hold is gone then. */
  async idle () {
    const until = now() + IDLE_MS
    // oxlint-disable-next-line no-underscore-dangle -- getConnections() calls back
    while (this.#server._connections > 0 && now() < until) await wait(LOOK_MS)
  }

  /** What was begun for the test ends. */
  async close () {
    channel('http.server.request.start').unsubscribe(this.#onRequest)
    this.#sample = this.#before = []
    await this.#close()
  }

  #note ({ request, response, server }) {
    if (server !== this.#server) return
    if (this.begun++ % this.#every !== 0 || this.#taken >= SAMPLE) return
    this.#taken++
    this.#sample.push({ req: new WeakRef(request), res: new WeakRef(response) })
  }
}

/** By what is used of it: http, https and http2 have no class in common but that of net. */
function isServer (value) {
  return typeof value?.listen === 'function' && typeof value.address === 'function' && typeof value.close === 'function' && typeof value.on === 'function'
}

function listen (server) {
  return listening(async () => {
    server.listen(0, HOST)
    await once(server, 'listening')
  })
}

async function listening (begin) {
  try {
    await begin()
  } catch (cause) {
    throw createError('ERR_TIDEMARK_SERVER', ['listen', `does not listen: ${messageOf(cause)}`], { cause })
  }
}

/** A connection that stays open, as one that was upgraded, is waited for no longer than this. */
function closed (server) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, CLOSE_MS)
    server.close(() => {
      clearTimeout(timer)
      resolve(undefined)
    })
    server.closeAllConnections?.()
  })
}

/** @returns {string} 'http://127.0.0.1:3000' */
function originOf (server) {
  const address = server.address()
  if (address === null || typeof address !== 'object') {
    throw createError('ERR_TIDEMARK_SERVER', ['listen', 'listens on a pipe. Let it listen on a TCP port, or give the app itself'])
  }
  const host = { '::': HOST, '0.0.0.0': HOST }[address.address] ?? (address.address.includes(':') ? `[${address.address}]` : address.address)
  // A server of TLS has contexts.
  return `${typeof server.setSecureContext === 'function' ? 'https' : 'http'}://${host}:${address.port}`
}

module.exports = { Served }
