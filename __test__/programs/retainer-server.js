'use strict'

// An http server that keeps something of every request, under a steady load from a process of its own,
// judged by the trend detector. Two to three minutes, so no test runs it. Prints when the leak was told, when who holds it was, and what was said:
//   node retainer-server.js [OPTIONS]

const { spawn } = require('node:child_process')
const http = require('node:http')
const { performance } = require('node:perf_hooks')
const tidemark = require('../..')

const EVERY_MS = 5

class Session {
  constructor (url) {
    this.url = url
    this.history = Array.from({ length: 20 }, (_, step) => ({ step, at: Date.now() }))
  }
}

const sessions = new Map()

/** Asks for good, so many times a second as one connection after the other allows. */
const client = `
  const http = require('node:http')
  const agent = new http.Agent({ keepAlive: true })
  let count = 0
  setInterval(() => {
    http.get({ port: Number(process.argv[1]), path: '/sessions/' + count++, agent }, (res) => res.resume()).on('error', () => process.exit())
  }, ${EVERY_MS})
`

const server = http.createServer((req, res) => {
  sessions.set(sessions.size, new Session(req.url))
  res.end('ok')
}).listen(0, '127.0.0.1', () => {
  const load = spawn(process.execPath, ['-e', client, String(server.address().port)], { stdio: 'inherit' })
  process.on('exit', () => load.kill())
})

const told = { version: process.version }
const seconds = () => Math.round(performance.now() / 100) / 10

const by = (suspects) => suspects.map(({ kind, description }) => `${kind}: ${description}`)
tidemark.on('leak', ({ channel, message, suspects }) => { told.leak ??= { seconds: seconds(), channel, message, suspects: by(suspects) } })
tidemark.on('recovered', () => { told.recovered = seconds() })
tidemark.on('leak-evidence', (evidence) => {
  const retained = evidence.suspects.flatMap(({ kind, description, evidence }) => [{ kind, description }, ...evidence]).find(({ kind }) => kind === 'retainer')
  if (retained === undefined) return
  const { evidence: { durationMs }, problems, memory } = tidemark.status()
  console.log(JSON.stringify({ ...told, evidence: { seconds: seconds(), retained: retained.description, suspects: by(evidence.suspects) }, durationMs, problems, usedHeapSize: memory.usedHeapSize, sessions: sessions.size }))
  process.exit()
})
tidemark.start({ snapshots: 'auto', ...JSON.parse(process.argv[2] ?? '{}') })
