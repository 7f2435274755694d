'use strict'

// The classic: each request is put into a Map and never taken out, under all the load there is.
const express = require('express')

exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const requests = new Map()
  const app = express()
  app.use((req, res, next) => {
    requests.set(load.requests, req)
    next()
  })
  app.get('/', (req, res) => res.send('hello'))
  load.http(app, 350, (i) => `/?id=${i}`)
}
