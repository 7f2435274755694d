'use strict'

// Every request subscribes to a bus of configuration changes and never unsubscribes.
const { EventEmitter } = require('node:events')
const express = require('express')

exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const bus = new EventEmitter().setMaxListeners(0)
  const app = express()
  app.use((req, res, next) => {
    bus.on('change', () => { req.stale = true })
    next()
  })
  app.get('/items/:id', async (req, res) => res.json(await load.handle(Number(req.params.id))))
  load.http(app, 60, (i) => `/items/${i}`)
}
