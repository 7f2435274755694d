'use strict'

// An Express app whose clients send secrets everywhere, and which keeps them by path, key, class and function. Prints all
// that tidemark says about it, on one line: events, log lines of the middleware and the preload, status, page, census; and writes a redacted snapshot, a
// report, a flame graph and reports of its leak into the folder that is its argument.
const { spawnSync } = require('node:child_process')
const { once, EventEmitter } = require('node:events')
const { readFileSync, readdirSync } = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const { subscribe } = require('node:diagnostics_channel')
const express = require('express')
const tidemark = require('../..')
const { jsonLine, textLine } = require('../../lib/register/lines')
const { loadBinding } = require('../../lib/binding')
const { forkObstacle } = require('../../lib/snapshot/fork')
const { data } = require('../names.json')

const [folder] = process.argv.slice(2)
const forks = forkObstacle(loadBinding(), {}) === undefined
const LIMIT = 600 * (1 << 20)
/** A capture's child has the lowest priority: on a machine without an idle moment it hardly gets on. */
const LATEST_MS = 90000
const said = []
const times = new Map()
/** Of what comes with every collection this is enough, and the app does not fill its heap with it. */
const MOST_OF_A_KIND = 50
const say = (kind, payload) => {
  times.set(kind, (times.get(kind) ?? 0) + 1)
  if (times.get(kind) <= MOST_OF_A_KIND) said.push([kind, JSON.stringify(payload)])
}

for (const event of ['leak', 'leak-evidence', 'stats', 'gc', 'recovered', 'error']) {
  tidemark.on(event, (payload) => {
    say(event, payload)
    say(`line of ${event}`, [textLine(event, payload), jsonLine(event, payload)])
  })
  subscribe(`tidemark:${event}`, (payload) => say(`tidemark:${event}`, payload))
}
const START = { sampleIntervalMs: 200, memoryLimit: LIMIT, report: path.join(folder, 'reports') }
/** By memwatch's rule a leak is told at once and without suspects: then what the snapshots show is news. */
const START_SNAPSHOTS = { ...START, detector: 'memwatch', consecutive: 3, evidence: [], snapshots: 'auto', maxPauseMs: 2000 }
tidemark.start(START)

const app = express()
const sessionsByToken = {}
const requestsByKey = new Map()
const handlers = []
const bus = new EventEmitter()
bus.setMaxListeners(0)

app.use(tidemark.express({ logger: { info: (line) => say('log', line) }, interval: 200 }))
app.get('/tidemark', tidemark.express.status())

function keep (req) {
  const secret = String(req.query.token)
  const Kept = { [secret]: class {} }[secret]
  const kept = Object.assign(new Kept(), { [secret]: new Array(2500).fill(0), headers: req.headers, req })
  ;(sessionsByToken[secret] ??= []).push(kept)
  requestsByKey.set(`${secret}${requestsByKey.size}`, kept)
  handlers.push({ [secret] () { return kept } }[secret])
  if (bus.listenerCount(secret) < 8) bus.on(secret, () => kept)
  globalThis[secret] = kept
}
app.get('/products/:id', (req, res) => { keep(req); res.json({ ok: true }) })
// No template knows what is below here.
app.use('/reset', (req, res) => { keep(req); res.json({ ok: true }) })

async function onceFree (capture) {
  for (;;) {
    try {
      return await capture()
    } catch (error) {
      if (error.reason !== 'busy') throw error
      await wait(20)
    }
  }
}

async function main () {
  const server = app.listen(0)
  await once(server, 'listening')
  const get = (url, headers = {}) => new Promise((resolve, reject) => {
    http.get({ port: server.address().port, path: url, headers }, (res) => {
      let body = ''
      res.on('data', (chunk) => { body += chunk }).on('end', () => resolve(body))
    }).on('error', reject)
  })
  const sendable = data.filter((text) => /^[\x21-\x7e ]+$/.test(text))
  const leakUntil = async (kind) => {
    const latest = Date.now() + LATEST_MS
    const collecting = setInterval(() => tidemark.gc(), 500)
    for (let n = 0; !times.has(kind) && Date.now() < latest; n++) {
      const secret = sendable[n % sendable.length]
      const part = encodeURIComponent(secret)
      await Promise.all([
        get(`/reset/${part}?token=${part}`, { 'x-token': secret }),
        get(`/products/${part}?token=${part}`, { cookie: secret }),
        wait(20)
      ])
    }
    clearInterval(collecting)
  }
  await leakUntil('leak')
  if (forks) {
    say('status()', tidemark.status())
    tidemark.stop()
    tidemark.start(START_SNAPSHOTS)
    await leakUntil('leak-evidence')
  }
  say('status()', tidemark.status())
  say('page', await get('/tidemark'))
  say('census()', await tidemark.census())
  // A capture that goes on is ended, which takes a moment.
  tidemark.stop()
  const file = path.join(folder, 'redacted.heapsnapshot')
  await onceFree(() => tidemark.writeHeapSnapshot(file, { method: 'in-process', redact: true, force: true }))
  await tidemark.profile({ durationMs: 300, path: path.join(folder, 'p.heapprofile'), flameGraph: path.join(folder, 'flame.html') })
  const full = path.join(folder, 'full.heapsnapshot')
  await tidemark.writeHeapSnapshot(full, { method: 'in-process', force: true })
  // It ends with a code of its own where there are suspects.
  spawnSync(process.execPath, [path.join(__dirname, '..', '..', 'bin', 'tidemark.js'), 'suspects', full, '--html', path.join(folder, 'report.html')])
  for (const name of ['redacted.heapsnapshot', 'flame.html', 'p.heapprofile', 'report.html']) said.push([name, readFileSync(path.join(folder, name), 'utf8')])
  for (const name of readdirSync(path.join(folder, 'reports'))) said.push([`report${path.extname(name)}`, readFileSync(path.join(folder, 'reports', name), 'utf8')])
  const found = []
  for (const [kind, text] of said) {
    for (const secret of data) {
      for (const form of [secret, encodeURIComponent(secret)]) {
        const at = text.indexOf(form)
        if (at !== -1) found.push([kind, secret, text.slice(Math.max(0, at - 60), at + form.length + 20)])
      }
    }
  }
  const kinds = [...new Set(said.map(([kind]) => kind))]
  const all = said.map(([, text]) => text).join('\n')
  const readable = ['/products/:id', 'sessionsByToken', 'requestsByKey', 'secrets-app.js'].filter((name) => all.includes(name))
  process.stdout.write(`${JSON.stringify({ kinds, found, readable, forks })}\n`, () => process.exit())
}

main()
