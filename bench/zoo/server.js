'use strict'

// One app of the zoo as its author would run it: tidemark in front of the routes, and nothing else
// of it. Forked by run.js, which it tells its port and what tidemark tells.
// node server.js APP TIDEMARK SECONDS
const express = require('express')

const [appFile, tidemarkFolder, seconds] = process.argv.slice(2)
const tidemark = require(tidemarkFolder)
require('../install').preferInstalled()
const { shop } = require('./shop')
const zooApp = require(appFile)

for (const event of ['leak', 'recovered']) {
  tidemark.on(event, (payload) => process.send({ event, payload }))
}
tidemark.on('error', (error) => process.send({ event: 'error', payload: error.message }))
process.on('warning', ({ name, message }) => process.send({ event: 'warning', payload: `${name}: ${message}` }))

const app = express()
app.use(tidemark.express())
zooApp.app(app, express, { seconds: Number(seconds) })
shop(app, express)
zooApp.after?.(app)

const server = app.listen(0, '127.0.0.1', () => process.send({ event: 'listening', payload: { port: server.address().port } }))
zooApp.server?.(server)

/** What held the alarm back, and from when on: the way to it says more than its end. */
const course = []
const held = {}
setInterval(() => {
  const { channels, uptimeMs } = tidemark.status()
  for (const [channel, { state, heldBackBy = '' }] of Object.entries(channels)) {
    const gate = `${state}: ${heldBackBy.replace(/-?\d[\d.]*( [kMG]?B)?/g, 'N')}`
    if (gate === held[channel]) continue
    held[channel] = gate
    course.push({ at: Math.round(uptimeMs / 1000), channel, state, heldBackBy })
  }
}, 1000).unref()

process.on('message', (message) => {
  if (message !== 'report') return
  const { samples } = tidemark.history()
  process.send({ event: 'report', payload: { status: tidemark.status(), samples, course, cpu: process.cpuUsage() } }, () => process.exit())
})
process.on('disconnect', () => process.exit())
