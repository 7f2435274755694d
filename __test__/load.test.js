'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const http = require('node:http')
const net = require('node:net')
const { test } = require('node:test')
const { setImmediate: turn } = require('node:timers/promises')
const { Load, CONNECTIONS } = require('../lib/load')

/** A server that answers when it is told to, the load that is counted of it, and what makes requests. */
async function served (t, { requests = true } = {}) {
  const open = []
  const server = http.createServer((req, res) => open.push(res)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const load = new Load(requests)
  load.start()
  const agent = new http.Agent({ keepAlive: true })
  t.after(() => {
    load.stop()
    agent.destroy()
    server.closeAllConnections?.()
    server.close()
  })
  const ask = async () => {
    const req = http.get({ port: server.address().port, host: '127.0.0.1', agent }).on('error', () => {})
    const before = open.length
    await until(() => open.length > before)
    return req
  }
  const counts = () => {
    load.look()
    const [begun, ended, connections] = load.counters
    return { begun, inFlight: Math.min(begun - ended, connections), connections }
  }
  return { server, open, ask, counts, load }
}

async function until (condition) {
  while (!condition()) await turn()
}

test('requests in flight are those without the end of a response, and connections those that clients have open', { timeout: 30000 }, async (t) => {
  const { open, ask, counts } = await served(t)
  const asked = [await ask(), await ask(), await ask()]
  assert.deepEqual(counts(), { begun: 3, inFlight: 3, connections: 3 })
  const answered = once(asked[0], 'response')
  open[0].end('done')
  const [res] = await answered
  res.resume()
  await once(res, 'end')
  assert.deepEqual(counts(), { begun: 3, inFlight: 2, connections: 3 }, 'the connection is kept alive')
})

test('a request that the client gives up is in flight no longer', { timeout: 30000 }, async (t) => {
  const { open, ask, counts } = await served(t)
  const [one, two] = [await ask(), await ask()]
  one.destroy()
  await once(open[0], 'close')
  await until(() => counts().connections === 1)
  assert.equal(counts().inFlight, 1)
  two.destroy()
  await until(() => counts().connections === 0)
  assert.equal(counts().inFlight, 0)
})

test('servers that were there before, and whose connections were, are counted as well', { timeout: 30000 }, async (t) => {
  const server = net.createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = net.connect(server.address().port, '127.0.0.1')
  await once(server, 'connection')
  const load = new Load(true)
  load.start()
  t.after(() => load.stop())
  assert.equal(load.counters[CONNECTIONS], 1)
  client.destroy()
  server.close()
  await once(server, 'close')
  load.look()
  assert.equal(load.counters[CONNECTIONS], 0)
})

test('without the option no request is counted, connections are', { timeout: 30000 }, async (t) => {
  const { ask, load, counts } = await served(t, { requests: false })
  await ask()
  assert.equal(counts().connections, 1)
  assert.ok(Number.isNaN(load.counters[0]) && Number.isNaN(load.counters[1]))
})

test('nobody else hears of it: no listener is added, and after stop() nothing is counted', { timeout: 30000 }, async (t) => {
  const { server, ask, open, load } = await served(t)
  const listeners = () => [server, open[0], open[0].socket].map((emitter) => emitter.eventNames().map((name) => emitter.listenerCount(name)))
  await ask()
  const watched = listeners()
  load.stop()
  await ask()
  assert.equal(load.counters[0], 1)
  assert.equal(load.counters[CONNECTIONS], 1)
  assert.deepEqual(watched[1], open[1].eventNames().map((name) => open[1].listenerCount(name)), 'as a response that nobody counts')
})

test('what only looks like a server is none', () => {
  const { channel } = require('node:diagnostics_channel')
  const load = new Load(true)
  load.start()
  try {
    const before = load.counters[CONNECTIONS]
    for (const message of [{}, { socket: null }, { socket: { server: { _connections: 'many' } } }]) channel('net.server.socket').publish(message)
    channel('http.server.request.start').publish({})
    assert.equal(load.counters[CONNECTIONS], before)
  } finally {
    load.stop()
  }
})

test('requests of one connection that wait for each other are not counted twice when they end', { timeout: 30000 }, async (t) => {
  const { server, open, counts } = await served(t)
  const socket = net.connect(server.address().port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.resume()
  for (let i = 0; i < 10; i++) socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(() => open.length === 10)
  assert.equal(counts().inFlight, 1, 'no more than connections')
  for (const res of open) res.end()
  await until(() => open.every((res) => res.writableFinished))
  assert.deepEqual(counts(), { begun: 10, inFlight: 0, connections: 1 })
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await until(() => open.length === 11)
  assert.equal(counts().inFlight, 1)
})
