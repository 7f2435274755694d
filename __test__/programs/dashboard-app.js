'use strict'

// An app with the live page at /tidemark. A Map grows from `/leak` on. SOURCE=perf_hooks: without the GC hook.
// MAX_STREAMS, ACTIONS=1: options of the page.

const { createServer } = require('node:http')
const tidemark = require('../..')

const sessions = new Map()
let leaks = false

tidemark.start({
  source: process.env.SOURCE ?? 'auto',
  recorder: process.env.RECORDER,
  memoryLimit: process.memoryUsage().rss + 400e6,
  sampleIntervalMs: 500
})
const page = tidemark.dashboard({
  path: '/tidemark',
  allowActions: process.env.ACTIONS === '1',
  ...process.env.MAX_STREAMS === undefined ? {} : { maxStreams: Number(process.env.MAX_STREAMS) }
})

setInterval(() => {
  if (leaks) for (let i = 0; i < 3000; i++) sessions.set(`session ${sessions.size}`, { user: i, seen: [Date.now()] })
  JSON.parse(JSON.stringify(Array.from({ length: 5000 }, (_, garbage) => ({ garbage }))))
}, 50)
setInterval(() => tidemark.gc(), 400)

const server = createServer((req, res) => {
  if (req.url.startsWith('/tidemark')) return page(req, res)
  if (req.url === '/leak') leaks = true
  if (req.url === '/close') server.close(() => process.exit())
  res.end('ok')
}).listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
