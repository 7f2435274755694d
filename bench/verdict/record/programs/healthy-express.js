'use strict'

// Sessions end after 15 seconds, listeners are removed when the response is sent.
const { EventEmitter } = require('node:events')
const express = require('express')

exports.label = 'healthy'
exports.run = (load) => {
  const bus = new EventEmitter().setMaxListeners(0)
  const sessions = new Map()
  const app = express()
  app.use((req, res, next) => {
    const listener = () => { req.stale = true }
    bus.on('change', listener)
    res.on('finish', () => bus.off('change', listener))
    next()
  })
  app.get('/items/:id', async (req, res) => {
    sessions.set(req.params.id, { headers: req.headers, row: load.row(1, 1000) })
    setTimeout(() => sessions.delete(req.params.id), 15_000)
    res.json(await load.handle(Number(req.params.id)))
  })
  load.http(app, 110, (i) => `/items/${i}`)
}
