'use strict'

// An http server that steps aside when SIGUSR2 tells it to. Argument: JSON, `options` of recycle() and what
// else is to be: `closes` (a listener of SIGTERM closes the server), `stays` (it does not end the process), `closed` (the
// server is closed before).

const http = require('node:http')
const { setTimeout: wait } = require('node:timers/promises')
const recycle = require('../../lib/recycle')

const { options, closes, stays, closed } = JSON.parse(process.argv[2] ?? '{}')

const server = http.createServer(async (req, res) => {
  if (req.url === '/never') return
  if (req.url === '/slow') await wait(300)
  res.end('ok')
})
const told = []
const stepping = recycle(server, { jitterMs: 0, noticeMs: 0, idleMs: 300, drainMs: 10000, ...options })
stepping.on('state', ({ state }) => {
  told.push({ state, ready: stepping.ready() })
  if (state === 'leaving') console.log(JSON.stringify({ told, problems: stepping.problems }))
})
process.on('warning', () => {})
process.on('SIGUSR2', () => stepping.stepAside('as asked'))
if (closes) process.on('SIGTERM', () => server.close(() => process.exit(0)))
if (stays) process.on('SIGTERM', () => setInterval(() => {}, 1000))

server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: server.address().port }))
  if (closed) server.close(() => setInterval(() => {}, 1000))
})
