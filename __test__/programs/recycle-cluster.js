'use strict'

// A cluster of workers that step aside when SIGUSR2 tells them to. Argument: JSON, `options` of recycle(),
// `workers`, `primary` (false: it does not call recycle.primary()), `forks` ('always': its 'exit' listener does
// not look), `breaks` (replacements do not start), `hangs` (they start, and
// neither listen nor end), `whileReplaced` ('stop' or 'break the disk'). Prints JSON lines: who listens, who has left and how.

const cluster = require('node:cluster')
const fs = require('node:fs/promises')
const http = require('node:http')
const recycle = require('../../lib/recycle')

const { options, workers = 3, primary = true, forks = 'rightly', breaks = false, hangs = false, whileReplaced } = JSON.parse(process.argv[2] ?? '{}')

const say = (line) => console.log(JSON.stringify(line))

function runPrimary () {
  const env = { RUNS: '1' }
  if (primary) recycle.primary({ fork: () => cluster.fork(breaks ? { BREAKS: '1' } : hangs ? { HANGS: '1' } : env), replaceMs: hangs ? 2000 : 10000 })
  for (let i = 0; i < workers; i++) cluster.fork(env)
  cluster.on('listening', (worker, { port }) => say({ listening: worker.process.pid, port }))
  cluster.on('exit', (worker, code, signal) => {
    say({ left: worker.process.pid, code, signal, replaced: worker.exitedAfterDisconnect === true })
    if (forks === 'always' || (forks === 'rightly' && !worker.exitedAfterDisconnect)) cluster.fork(env)
  })
  cluster.on('message', (worker, message) => { if (message.state) say({ pid: worker.process.pid, ...message }) })
  process.on('warning', ({ message }) => say({ warning: message }))
  process.on('SIGUSR2', () => { for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGUSR2') })
}

function runWorker () {
  if (process.env.BREAKS) throw new Error('as asked')
  if (process.env.HANGS) {
    process.on('SIGTERM', () => {})
    return
  }
  const server = http.createServer((req, res) => res.end(String(process.pid)))
  const stepping = recycle(server, { jitterMs: 100, intervalMs: 0, idleMs: 300, drainMs: 10000, ...options })
  stepping.on('state', ({ state }) => {
    process.send({ state, reason: stepping.reason, problems: stepping.problems, ready: stepping.ready(), timeMs: Date.now() })
    if (state !== 'replacing') return
    if (whileReplaced === 'stop') stepping.stop()
    if (whileReplaced === 'break the disk') fs.writeFile = async () => { throw new Error('a broken disk') }
  })
  // Not those that come while others step aside.
  const born = Date.now()
  process.on('SIGUSR2', () => { if (Date.now() - born > 500) stepping.stepAside('as asked') })
  process.on('warning', () => {})
  server.listen(0, '127.0.0.1')
}

if (cluster.isPrimary) runPrimary()
else runWorker()
