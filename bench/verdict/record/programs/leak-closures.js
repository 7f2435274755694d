'use strict'

// One request in twenty ends in an error path that keeps its closure, and with it the request.
const express = require('express')

exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const retries = []
  const app = express()
  app.get('/orders/:id', async (req, res) => {
    const rows = await load.handle(Number(req.params.id))
    if (load.random() < 0.05) retries.push(() => rows.length + req.url.length)
    res.json(rows)
  })
  load.http(app, 120, (i) => `/orders/${i}`)
}
