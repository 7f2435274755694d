'use strict'

const assert = require('node:assert/strict')
const { channel } = require('node:diagnostics_channel')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')
const { describe, test } = require('node:test')
const { createMiddleware } = require('../lib/express')
const { FakeMonitor } = require('./helpers/fake-monitor')
const { listen, request, until } = require('./helpers/http')

const DEADLINE = { timeout: 30000 }
const FINISH = 'http.server.response.finish'

/** A server whose first request is over: from then on Node.js's channels report the ends. */
async function serve (t, handler, options = { interval: 60000 }) {
  const express = createMiddleware(new FakeMonitor())
  const middleware = express(options)
  const port = await listen(t, (req, res) => middleware(req, res, () => handler(req, res)))
  const read = () => {
    let body
    express.status()({}, { setHeader () {}, end (text) { body = text } })
    return JSON.parse(body).traffic
  }
  await request(port, '/first')
  await until(() => read().requests === 1)
  return { port, read }
}

describe('the end of a response of node:http', DEADLINE, () => {
  // First: the others keep listening for a minute.
  test('is listened for only while requests come in', async (t) => {
    const { read } = await serve(t, (req, res) => res.end(), { interval: 60 })
    assert.equal(channel(FINISH).hasSubscribers, true)
    await until(() => !channel(FINISH).hasSubscribers)
    assert.equal(read().requests, 1)
  })

  test('costs no listener once requests come in', async (t) => {
    const seen = []
    const bare = await listen(t, (req, res) => {
      seen.push(['finish', 'close'].map((event) => res.listenerCount(event)))
      res.end()
    })
    await request(bare, '/')
    const { port, read } = await serve(t, (req, res) => {
      if (req.url !== '/first') seen.push(['finish', 'close'].map((event) => res.listenerCount(event)))
      res.end()
    })
    await request(port, '/')
    await until(() => read().requests === 2)
    assert.deepEqual(seen[1], seen[0])
  })

  test('is counted once for each of several pipelined requests', async (t) => {
    const { port, read } = await serve(t, (req, res) => setTimeout(() => res.end(req.url), req.url === '/slow' ? 20 : 0))
    const socket = net.connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    const get = (path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
    socket.write(get('/slow') + get('/1') + get('/2') + get('/3'))
    await until(() => read().requests === 5)
    assert.deepEqual(read(), { requests: 5, errors: 0, aborted: 0, inFlight: 0 })
    socket.write(get('/4'))
    await until(() => read().requests === 6)
  })

  test('is an abort for all that were in flight on a connection that is gone', async (t) => {
    const { port, read } = await serve(t, (req, res) => { if (req.url === '/first') res.end() })
    const socket = net.connect(port, '127.0.0.1')
    socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n')
    await until(() => read().inFlight === 2)
    socket.destroy()
    await until(() => read().inFlight === 0)
    assert.deepEqual(read(), { requests: 1, errors: 0, aborted: 2, inFlight: 0 })
  })

  test('is counted on a connection that is kept alive, then aborted', async (t) => {
    const { port, read } = await serve(t, (req, res) => { if (req.url !== '/never') res.end() })
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    for (let i = 0; i < 3; i++) {
      const [answer] = await once(http.get({ port, host: '127.0.0.1', path: `/${i}`, agent }), 'response')
      answer.resume()
      await once(answer, 'end')
    }
    const last = http.get({ port, host: '127.0.0.1', path: '/never', agent }).on('error', () => {})
    await until(() => read().inFlight === 1)
    last.destroy()
    await until(() => read().inFlight === 0)
    assert.deepEqual(read(), { requests: 4, errors: 0, aborted: 1, inFlight: 0 })
  })
})
