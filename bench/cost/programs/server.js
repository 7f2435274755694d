'use strict'

// The Express app under load: a few routes, a little work, garbage as services make it.
// Forked with VARIANT: sends its port; answers 'cpu' with its CPU time in microseconds, 'profile' when V8 samples
// its CPU, and 'share' with the share of the samples since then in which tidemark's own code ran.
const { Session } = require('node:inspector')
const { performance } = require('node:perf_hooks')
const express = require('express')

const variants = {
  bare () {},
  'a middleware that does nothing' (app) {
    app.use((req, res, next) => next())
  },
  'tidemark (listener)' () {
    require('../../..').on('leak', () => {})
  },
  'tidemark (middleware)' (app) {
    const tidemark = require('../../..')
    tidemark.on('leak', () => {})
    app.use(tidemark.express({ logger: { info () {} } }))
  },
  'tidemark (collecting evidence)' () {
    const tidemark = require('../../..')
    tidemark.on('leak', () => {})
    suspect(tidemark)
  }
}

/** All that a suspicion sets going, without one: the app has no leak. */
function suspect (tidemark) {
  const { Evidence } = require('../../../lib/evidence')
  const { createSource } = require('../../../lib/evidence/sources')
  const { OPTIONS } = require('../../../lib/options')
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
const session = new Session()
const answers = {
  cpu () {
    const { user, system } = process.cpuUsage()
    process.send(user + system)
  },
  profile () {
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.setSamplingInterval', { interval: 200 })
    session.post('Profiler.start', () => process.send('started'))
  },
  share () {
    session.post('Profiler.stop', (error, { profile }) => process.send(ownShare(profile)))
  }
}

/** Of the time in which the thread was busy; what Node.js does to tell a channel's subscribers is ours too. */
function ownShare ({ nodes, samples, timeDeltas }) {
  const { isOwnFile } = require('../../../lib/evidence/own-files')
  const { toPath } = require('../../../lib/evidence/to-path')
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const time = { own: 0, busy: 0 }
  samples.forEach((id, i) => {
    const { functionName, url } = frames.get(id)
    if (functionName === '(idle)') return
    time.busy += timeDeltas[i]
    if (url === 'node:diagnostics_channel' || isOwnFile(toPath(url))) time.own += timeDeltas[i]
  })
  return time.own / time.busy
}

process.on('message', (question) => answers[question]())
process.on('disconnect', () => process.exit(0))
