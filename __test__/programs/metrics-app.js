'use strict'

// An app that is scraped: `/metrics`. With LEAK=1 a Map grows until `/fix`, which empties it.

const { createServer } = require('node:http')
const tidemark = require('../..')

const sessions = new Map()
let leaks = process.env.LEAK === '1'

tidemark.start({ memoryLimit: process.memoryUsage().rss + 400e6, sampleIntervalMs: 500, idleGcIntervalMs: 1000 })
tidemark.on('leak', ({ message }) => console.log(message))

setInterval(() => {
  if (leaks) for (let i = 0; i < 2000; i++) sessions.set(`session ${sessions.size}`, { user: i, seen: [Date.now()] })
  else if (sessions.size > 0) sessions.clear()
  JSON.parse(JSON.stringify(Array.from({ length: 20000 }, (_, garbage) => ({ garbage }))))
}, 100)
setInterval(() => tidemark.gc(), 1000)

const server = createServer((req, res) => {
  if (req.url === '/fix') leaks = false
  res.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  res.end(req.url === '/metrics' ? tidemark.metricsText() : '')
}).listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`))
