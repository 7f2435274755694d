'use strict'

// An app with the live page at /tidemark. A Map grows from `/leak` on. SOURCE=perf_hooks: without the GC hook.
// MAX_STREAMS, ACTIONS=1: options of the page. FRAMEWORK: what it is mounted in; none is node:http.

const { createServer } = require('node:http')
const tidemark = require('../..')

const sessions = new Map()
let added = 0

tidemark.start({
  source: process.env.SOURCE ?? 'auto',
  recorder: process.env.RECORDER,
  // Near enough for a quick verdict; what is looked at is a leak, not the end.
  memoryLimit: process.memoryUsage().rss + 250e6,
  criticalMs: 1000,
  sampleIntervalMs: 500
})
const framework = process.env.FRAMEWORK
const page = tidemark.dashboard({
  ...framework === undefined ? { path: '/tidemark' } : {},
  allowActions: process.env.ACTIONS === '1',
  ...process.env.MAX_STREAMS === undefined ? {} : { maxStreams: Number(process.env.MAX_STREAMS) }
})

setInterval(() => {
  for (let i = 0; i < added; i++) sessions.set(`session ${sessions.size}`, { user: i, seen: [Date.now()] })
  JSON.parse(JSON.stringify(Array.from({ length: 5000 }, (_, garbage) => ({ garbage }))))
}, 50)
setInterval(() => tidemark.gc(), 400)
tidemark.on('leak', () => { added = 500 })

const server = createServer(framework === undefined ? (req, res) => page(req, res, () => answer(req, res)) : mounted(require(framework)()))

function mounted (app) {
  app.use('/tidemark', page)
  app.use(answer)
  return app
}

function answer (req, res) {
  if (req.url === '/leak') added = 2000
  if (req.url === '/close') server.close(() => process.exit())
  res.end('ok')
}

server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
