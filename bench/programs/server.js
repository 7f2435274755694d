'use strict'

// The Express app under load: a few routes, a little work, garbage as services make it.
// Usage: node server.js VARIANT; prints its port; ends when its standard input closes.
const express = require('express')

const variants = {
  bare () {},
  'tidemark (listener)' () {
    require('../..').on('leak', () => {})
  },
  'tidemark (middleware)' (app) {
    const tidemark = require('../..')
    tidemark.on('leak', () => {})
    app.use(tidemark.express({ logger: { info () {} } }))
  }
}

const app = express()
variants[process.argv[2]](app)

app.get('/users/:id', (req, res) => {
  const items = Array.from({ length: 50 }, (_, i) => ({ id: i, name: `user ${req.params.id}-${i}`, tags: ['a', 'b'] }))
  res.json({ id: req.params.id, items })
})

const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit(0)).resume()
