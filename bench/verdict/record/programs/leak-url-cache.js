'use strict'

// Responses are cached by the full URL, tracking parameters included.
const express = require('express')

exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const cache = new Map()
  const app = express()
  app.get('/page/:id', async (req, res) => {
    let page = cache.get(req.originalUrl)
    if (!page) {
      page = JSON.stringify(await load.handle(Number(req.params.id), { rows: 8, bytes: 200 }))
      cache.set(req.originalUrl, page)
    }
    res.type('json').send(page)
  })
  load.http(app, 100, (i) => `/page/${load.zipf(500)}${load.random() < 0.4 ? `?utm=${i}` : ''}`)
}
