'use strict'

// Options are asked for where Object.prototype has values for nearly all of them (`signal` would break Node.js itself): what a program did not say is the
// default. Prints what tidemark made of it.
const fs = require('node:fs')
const path = require('node:path')
const tidemark = require('../..')

const [folder] = process.argv.slice(2)
const POLLUTION = {
  detector: 'memwatch', consecutive: 999, channels: ['native'], historySize: 17, sampleIntervalMs: 3600000, idleGc: false,
  idleGcIntervalMs: 86400000, requests: false, evidence: [], memoryLimit: 2 ** 30, source: 'perf_hooks', snapshots: 'auto',
  snapshotNearHeapLimit: true, snapshotFolder: '/nowhere', interval: -1, logger: 'none', since: 'never', heapWide: 'yes',
  method: 'none', redact: 'no', force: 'no', timeoutMs: -1, strip: 'yes', rows: -1, id: -1, class: 7, maxMemory: -1, onProgress: 'no', read: () => 'polluted',
  durationMs: -1, intervalBytes: -1, path: '/nowhere/x', flameGraph: '/nowhere/y'
}
const victim = Object.prototype
for (const [name, value] of Object.entries(POLLUTION)) {
  Object.defineProperty(victim, name, { value, configurable: true, writable: true })
}

async function main () {
  tidemark.start({ sampleIntervalMs: 100 })
  const { detector, state } = tidemark.status()
  const middleware = tidemark.express({})
  const { containers } = await tidemark.census({})
  const file = path.join(folder, 'one.heapsnapshot')
  await tidemark.writeHeapSnapshot(file, {})
  const snapshot = await tidemark.readHeapSnapshot(file, {})
  const { classes } = await snapshot.summary({})
  const found = await snapshot.path({ class: 'Object' })
  const refused = await snapshot.path({}).catch(({ code }) => code)
  const profile = await tidemark.profile({ durationMs: 200 })
  tidemark.stop()
  for (const name of Object.keys(POLLUTION)) delete victim[name]
  console.log(JSON.stringify({
    detector,
    state,
    middleware: typeof middleware,
    containers: containers.length > 0,
    classes: classes.length,
    found: found.class,
    refused,
    files: profile.files,
    written: fs.readdirSync(folder)
  }))
}

main()
