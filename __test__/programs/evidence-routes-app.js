'use strict'

// An Express app and a plain server, of which some routes keep their requests, under load by
// keep-alive clients; tells what RouteEvidence found. Wants --expose-gc.
const { once } = require('node:events')
const http = require('node:http')
const { performance } = require('node:perf_hooks')
const { setImmediate, setTimeout } = require('node:timers/promises')
const express = require('express')
const { RouteEvidence } = require('../../lib/evidence/routes')

const ROUNDS = 10
const A_ROUND = 12
const FILE = Buffer.alloc(4096)

const kept = []
const recent = []
let halves = 0

const app = express()
app.get('/users/:id', (req, res) => {
  kept.push(req)
  res.json({})
})
app.get('/half', (req, res) => {
  if (halves++ % 2 === 0) kept.push(() => res)
  res.end()
})
app.get('/fine/:id', (req, res) => res.json({}))
app.post('/echo', express.json(), (req, res) => res.json(req.body))
app.post('/uploads', express.json(), (req, res) => {
  kept.push(req.body)
  res.status(201).end()
})
app.post('/files', express.raw(), (req, res) => {
  kept.push(req.body)
  res.status(201).end()
})
app.get('/hangs', (req) => kept.push(req))
app.get('/hangs-politely', () => {})
app.get('/recent', (req, res) => {
  recent.push(req)
  if (recent.length > 5) recent.shift()
  res.end()
})
app.get('/idle', (req, res) => res.end())
app.get('/events', (req, res) => {
  res.writeHead(200, { 'content-type': 'text/event-stream' })
  res.write(':\n\n')
})

const plain = http.createServer((req, res) => {
  if (req.url.startsWith('/orders/')) kept.push(res)
  res.end('ok')
})

async function main () {
  const evidence = new RouteEvidence()
  evidence.start()
  const servers = [http.createServer(app), plain]
  for (const server of servers) {
    server.keepAliveTimeout = 60000
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  const [withExpress, without] = servers.map((server) => server.address().port)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 })
  // Connections that stay open and idle, each with a last request.
  const idle = Array.from({ length: 8 }, () => new http.Agent({ keepAlive: true, maxSockets: 1 }))
  await Promise.all(idle.map((own) => request({ port: withExpress, path: '/idle', agent: own })))
  const streams = Array.from({ length: 8 }, () => http.get({ host: '127.0.0.1', port: withExpress, path: '/events', agent: false }, (res) => res.resume()))
  for (const stream of streams) stream.on('error', () => {})

  let fullGcs = 0
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < A_ROUND; i++) {
      const n = round * A_ROUND + i
      await Promise.all([
        request({ port: withExpress, path: `/users/${n}`, agent }),
        request({ port: withExpress, path: '/half', agent }),
        request({ port: withExpress, path: `/fine/${n}`, agent }),
        request({ port: withExpress, path: '/recent', agent }),
        request({ port: withExpress, path: '/echo', agent, body: '{"a":1}' }),
        request({ port: withExpress, path: '/uploads', agent, body: '{"a":1}' }),
        request({ port: withExpress, path: '/files', agent, body: FILE, type: 'application/octet-stream' }),
        request({ port: withExpress, path: `/nothing/${n}`, agent }),
        request({ port: without, path: `/orders/${n}`, agent }),
        request({ port: without, path: `/static/${n}?page=1`, agent }),
        request({ port: withExpress, path: '/hangs', leaves: true }),
        request({ port: withExpress, path: '/hangs-politely', leaves: true })
      ])
    }
    for (let i = 0; i < 2; i++) {
      await setImmediate()
      globalThis.gc()
      fullGcs++
      await setImmediate()
      evidence.tick(performance.now(), { fullGcs, level: process.memoryUsage().heapUsed })
    }
  }
  const findings = await evidence.findings()
  const held = evidence.held().map(({ route, ref }) => ({ route, isObject: typeof ref.deref() === 'object' }))
  kept.length = 0
  // Released in the meantime: what was told is taken back.
  for (let i = 0; i < 6; i++) {
    await setTimeout(1)
    globalThis.gc()
    evidence.tick(performance.now(), { fullGcs: ++fullGcs, level: process.memoryUsage().heapUsed })
  }
  const later = (await evidence.findings()).map(({ key, evidence: [{ sampled, kept: staying }] }) => ({ key, sampled, kept: staying }))
  evidence.stop()
  const stopped = await evidence.findings()
  console.log(JSON.stringify({ findings, held, later, stopped, cost: evidence.cost, problems: evidence.problems }))
  process.exit()
}

function request ({ port, path, agent = false, body, type = 'application/json', leaves = false }) {
  const headers = body === undefined ? {} : { 'content-type': type, 'content-length': body.length }
  return new Promise((resolve) => {
    const client = http.request({ host: '127.0.0.1', port, path, agent, method: body === undefined ? 'GET' : 'POST', headers }, (res) => {
      res.resume().on('end', resolve)
    })
    client.on('error', resolve)
    client.end(body)
    if (leaves) setTimeout(15).then(() => client.destroy())
  })
}

main()
