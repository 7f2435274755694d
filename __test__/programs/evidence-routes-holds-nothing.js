'use strict'

// Watches the routes of a server that keeps nothing, and tells how many of its requests are still
// there while the watching goes on, and how the heap grew meanwhile. Wants --expose-gc.
const { once } = require('node:events')
const http = require('node:http')
const { performance } = require('node:perf_hooks')
const { setTimeout } = require('node:timers/promises')
const express = require('express')
const { gcUntil } = require('../helpers/gc-until')
const { RouteEvidence } = require('../../lib/evidence/routes')

const REQUESTS = 1500

const alive = { req: 0, res: 0, body: 0 }
const registry = new FinalizationRegistry((kind) => { alive[kind]-- })
function follow (kind, object) {
  alive[kind]++
  registry.register(object, kind)
}

const app = express()
app.use((req, res, next) => {
  follow('req', req)
  follow('res', res)
  next()
})
app.get('/items/:id', (req, res) => res.json({ id: req.params.id }))
app.post('/items', express.json(), (req, res) => {
  follow('body', req.body)
  res.json(req.body)
})
app.get('/hangs', () => {})

async function main () {
  const evidence = new RouteEvidence()
  evidence.start()
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
  let fullGcs = 0
  const look = () => {
    globalThis.gc()
    fullGcs++
    evidence.tick(performance.now(), { fullGcs, level: process.memoryUsage().heapUsed })
  }
  const burst = async (n) => {
    for (let i = 0; i < n; i += 3) {
      await Promise.all([
        send({ port, agent, path: `/items/${i}` }),
        send({ port, agent, path: '/items', body: '{"a":[1,2,3]}' }),
        i % 30 === 0 ? send({ port, path: '/hangs', leaves: true }) : send({ port, agent, path: `/no/${i}` })
      ])
      if (i % 150 === 0) look()
    }
  }
  const settle = async () => {
    agent.destroy()
    await gcUntil(look, () => alive.req === 0 && alive.res === 0 && alive.body === 0, 2000)
    return process.memoryUsage().heapUsed
  }
  await burst(REQUESTS)
  const before = await settle()
  await burst(3 * REQUESTS)
  const after = await settle()
  const findings = await evidence.findings()
  console.log(JSON.stringify({ alive, growth: after - before, findings }))
  process.exit()
}

function send ({ port, path, agent = false, body, leaves = false }) {
  const headers = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }
  return new Promise((resolve) => {
    const client = http.request({ host: '127.0.0.1', port, path, agent, method: body === undefined ? 'GET' : 'POST', headers }, (res) => {
      res.resume().on('end', resolve)
    })
    client.on('error', resolve)
    client.end(body)
    if (leaves) setTimeout(10).then(() => client.destroy())
  })
}

main()
