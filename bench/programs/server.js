'use strict'

// The Express app under load: a few routes, a little work, garbage as services make it.
// Forked with VARIANT: sends its port; answers every message with its CPU time in microseconds.
const { performance } = require('node:perf_hooks')
const express = require('express')

const variants = {
  bare () {},
  'a middleware that does nothing' (app) {
    app.use((req, res, next) => next())
  },
  'tidemark (listener)' () {
    require('../..').on('leak', () => {})
  },
  'tidemark (middleware)' (app) {
    const tidemark = require('../..')
    tidemark.on('leak', () => {})
    app.use(tidemark.express({ logger: { info () {} } }))
  },
  'tidemark (collecting evidence)' () {
    const tidemark = require('../..')
    tidemark.on('leak', () => {})
    suspect(tidemark)
  }
}

/** All that a suspicion sets going, without one: the app has no leak. */
function suspect (tidemark) {
  const { Evidence } = require('../../lib/evidence')
  const { createSource } = require('../../lib/evidence/sources')
  const { OPTIONS } = require('../../lib/options')
  const means = { resources: () => tidemark.status().resources }
  const evidence = new Evidence(OPTIONS.evidence.default, (name, sources) => createSource(name, means, sources))
  evidence.follow({ channel: 'heap', to: 'suspect' }, performance.now())
  setInterval(() => {
    const { gc, channels } = tidemark.status()
    const levels = Object.fromEntries(Object.entries(channels).map(([name, { level }]) => [name, level]))
    evidence.tick(performance.now(), { fullGcs: gc.major.count, levels })
  }, OPTIONS.sampleIntervalMs.default)
}

const app = express()
variants[process.argv[2]](app)

app.get('/users/:id', (req, res) => {
  const items = Array.from({ length: 50 }, (_, i) => ({ id: i, name: `user ${req.params.id}-${i}`, tags: ['a', 'b'] }))
  res.json({ id: req.params.id, items })
})

const server = app.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send(user + system)
})
process.on('disconnect', () => process.exit(0))
