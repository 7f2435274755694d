'use strict'

// One service of the long run as its author would run it. Forked by index.js, to which it tells its port, what tidemark
// tells, and its levels when asked.
// node server.js KIND ok|leak TIDEMARK
const v8 = require('node:v8')
const [kind, label, tidemarkFolder] = process.argv.slice(2)
const tidemark = require(tidemarkFolder)
const express = require('express')
require('../install').preferInstalled()
const { SERVICES, RATE } = require('./services')

for (const event of ['leak', 'recovered']) {
  tidemark.on(event, ({ channel, message }) => process.send({ event, channel, message }))
}
tidemark.on('error', (error) => process.send({ event: 'error', message: error.message }))
process.on('warning', ({ name, message }) => process.send({ event: 'error', message: `${name}: ${message}` }))

const { heap_size_limit: limit, used_heap_size: used } = v8.getHeapStatistics()
const service = SERVICES[kind]
const room = limit - used
const means = {
  leaky: label === 'leak',
  each: room / (service.hours * 3600 * RATE),
  room,
  ballast: (bytes) => Array.from({ length: Math.max(1, Math.round(bytes / 8)) }, Math.random)
}

/** What a request of any API costs: parsed, sorted, made into text. */
function work (req, res, next) {
  const rows = Array.from({ length: 150 }, (_, i) => ({ id: i, name: `row ${i}`, at: Math.random() }))
  req.rows = JSON.parse(JSON.stringify(rows)).sort((one, other) => one.at - other.at).length
  next()
}

async function main () {
  const app = express()
  app.use(tidemark.express())
  app.use(work)
  await service.app(app, means)
  const server = app.listen(0, '127.0.0.1', () => process.send({ event: 'listening', port: server.address().port, limit }))
  service.server?.(server, means)
}

process.on('message', () => {
  const { state, channels, memory, gc } = tidemark.status()
  const levels = Object.fromEntries(Object.entries(channels).map(([name, { level, state, heldBackBy }]) => [name, { level, state, heldBackBy }]))
  process.send({ event: 'levels', state, levels, rss: memory.rss, fullGcs: gc.major.count })
})
process.on('disconnect', () => process.exit())
main()
