'use strict'

// A tracer keeps the store of each request that it sampled, for an exporter that was never configured.
const { AsyncLocalStorage } = require('node:async_hooks')
const express = require('express')

exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const storage = new AsyncLocalStorage()
  const traces = []
  const app = express()
  app.use((req, res, next) => storage.run({ id: req.url, spans: [], headers: { ...req.headers } }, next))
  app.get('/search', async (req, res) => {
    const rows = await load.handle(1)
    const store = storage.getStore()
    for (const row of rows) store.spans.push({ name: row.name, at: process.hrtime() })
    if (load.random() < 0.3) traces.push(store)
    res.json(rows)
  })
  load.http(app, (t) => 90 + 40 * Math.sin(t / 6), (i) => `/search?q=${i}`)
}
