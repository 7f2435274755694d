'use strict'

// An Express app that parses and writes JSON at a steady pace and keeps nothing.
const express = require('express')

exports.label = 'healthy'
exports.run = (load) => {
  const document = JSON.stringify(Array.from({ length: 300 }, (_, i) => load.row(i, 200)))
  const app = express()
  app.get('/documents/:id', async (req, res) => {
    const parsed = JSON.parse(document)
    await load.handle(1, { rows: 2 })
    res.json(parsed.slice(0, 20))
  })
  load.http(app, 100, (i) => `/documents/${i}`)
}
