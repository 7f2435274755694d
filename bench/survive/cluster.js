'use strict'

// A cluster of Express workers that leak. Arguments: the number of workers, the folder of the recorder, bytes
// that each request leaves behind, and 'aside' where workers step aside. Prints JSON lines: 'listening',
// 'exit', 'state' (of stepping aside).

const cluster = require('node:cluster')
const express = require('express')
const tidemark = require('../..')
const recycle = require('../../lib/recycle')

const [workers, directory, bytesPerRequest, aside] = process.argv.slice(2)

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

function runPrimary () {
  if (aside) recycle.primary()
  for (let i = 0; i < Number(workers); i++) cluster.fork()
  cluster.on('listening', (worker, { port }) => say({ event: 'listening', pid: worker.process.pid, port }))
  cluster.on('message', (worker, message) => { if (message.event) say({ pid: worker.process.pid, ...message }) })
  cluster.on('exit', (worker, code, signal) => {
    say({ event: 'exit', pid: worker.process.pid, code, signal })
    if (!worker.exitedAfterDisconnect) cluster.fork()
  })
}

function runWorker () {
  // Without it too, so that both halves cost the same.
  tidemark.start({ recorder: directory })
  tidemark.on('leak', ({ message }) => process.send({ event: 'leak', message }))

  const app = express()
  const sessions = new Map()
  const words = Number(bytesPerRequest) / 100
  let visits = 0
  app.get('/products/:id', (req, res) => {
    const cart = Array.from({ length: words }, (_, at) => ({ at, product: `product ${visits}-${at}`, price: at / 7 }))
    sessions.set(`${process.pid}-${++visits}`, cart)
    res.json({ id: req.params.id, items: cart.length })
  })
  const server = app.listen(0, '127.0.0.1')

  if (aside) {
    // A worker lives for a minute here; in a service it does for hours.
    const stepping = recycle(server, { leastUptimeMs: 5000, intervalMs: 2000, mostPerHour: 1000 })
    stepping.on('state', ({ state, reason }) => process.send({ event: 'state', state, reason, problems: stepping.problems }))
  }
}

if (cluster.isPrimary) runPrimary()
else runWorker()
