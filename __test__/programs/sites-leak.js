'use strict'

// A leak beside garbage, a cache that forgets and a start that allocates once: what does
// SiteEvidence find? With an argument, what that does to it happens after two seconds.
const inspector = require('node:inspector')
const { SiteEvidence } = require('../../lib/evidence/sites')
const { createMeans } = require('../helpers/means')

const SECONDS = 6

const kept = []
const recent = []
const warm = []

function leakyStore (i) {
  kept.push({ id: i, name: `name ${i}`, tags: [i, i + 1] })
}

function forgetfulCache (i) {
  recent.push({ id: i, name: `recent ${i}`, tags: [i, i + 1] }, { id: -i })
  if (recent.length > 4000) recent.splice(0, 2000)
}

function garbage (i) {
  for (let k = 0; k < 20; k++) JSON.parse(`{"id": ${i}, "list": [${k}, ${k}]}`)
}

function once (i) {
  if (i > 10000 && warm.length < 5000) for (let k = 0; k < 20; k++) warm.push({ i, text: `warm ${i + k}` })
}

// Called through a list, or V8 inlines them into their caller.
const calls = [leakyStore, forgetfulCache, garbage, once]

/** What may come over the evidence while it is collected. */
const accidents = {
  'app stops the profiler' () {
    const session = new inspector.Session()
    session.connect()
    session.post('HeapProfiler.stopSampling', () => session.disconnect())
  },
  'debugger comes' () {
    inspector.open(0)
  },
  'profile is taken' () {
    require('../../lib/profile').profile({ durationMs: 500 })
  }
}

const evidence = new SiteEvidence(process.argv[2] === 'no binding' ? {} : createMeans())
evidence.start()
let i = 0
const work = setInterval(() => {
  for (let n = 0; n < 20; n++) {
    i++
    for (const call of calls) call(i)
  }
}, 2)
const ticks = setInterval(() => evidence.tick(performance.now(), { fullGcs: i, level: undefined }), 500)
const accident = accidents[process.argv[2]]
if (accident !== undefined) setTimeout(accident, 2000)

setTimeout(async () => {
  const findings = await evidence.findings()
  evidence.stop()
  clearInterval(work)
  clearInterval(ticks)
  if (process.argv[2] === 'debugger comes') inspector.close()
  console.log(JSON.stringify({ findings, problems: evidence.problems, cost: evidence.cost, kept: kept.length }))
}, SECONDS * 1000)
