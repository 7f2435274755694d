'use strict'

// An Express app under load, whose allocation sites are sampled or not, as the parent says. Forked:
// sends its port; answers 'on' and 'off', once that is so, and 'state' with CPU time and requests.
// node sites-server.js FINER
const express = require('express')
const { AllocationRate, intervalFor } = require('../../../lib/evidence/sites/allocation-rate')
const { Sampler } = require('../../../lib/evidence/sites/sampler')

const finer = Number(process.argv[2])
let sampler = null
let requests = 0

const commands = {
  on (answer) {
    new AllocationRate().measure((bytesPerSecond) => {
      const { sampler: started, problem } = Sampler.start(intervalFor(bytesPerSecond) / finer)
      if (problem !== undefined) throw new Error(problem)
      sampler = started
      answer({ bytesPerSecond, intervalBytes: sampler.intervalBytes })
    })
  },
  off (answer) {
    const startedAt = performance.now()
    sampler.take()
    const profileMs = performance.now() - startedAt
    sampler.stop()
    sampler = null
    answer({ profileMs })
  },
  state (answer) {
    const { user, system } = process.cpuUsage()
    answer({ cpuUs: user + system, requests })
  }
}

const app = express()
app.use((req, res, next) => {
  requests++
  next()
})
app.get('/users/:id', (req, res) => {
  const items = Array.from({ length: 50 }, (_, i) => ({ id: i, name: `user ${req.params.id}-${i}`, tags: ['a', 'b'] }))
  res.json({ id: req.params.id, items })
})

const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', (command) => commands[command]((answer) => process.send(answer)))
process.on('disconnect', () => process.exit(0))
