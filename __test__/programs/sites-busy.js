'use strict'

// The app samples its heap itself, before SiteEvidence would: who gets what?
const { Session } = require('node:inspector')
const { SiteEvidence } = require('../../lib/evidence/sites')
const { createMeans } = require('../helpers/means')
const { profile } = require('../../lib/profile')

const session = new Session()
session.connect()
session.post('HeapProfiler.startSampling', { samplingInterval: 1024 })
const kept = []
for (let i = 0; i < 10000; i++) kept.push({ i })

const evidence = new SiteEvidence(createMeans())
evidence.start()
setTimeout(async () => {
  const { code } = await profile({ durationMs: 100 }).catch((error) => error)
  const findings = await evidence.findings()
  evidence.stop()
  session.post('HeapProfiler.stopSampling', (error, result) => {
    const appsSamples = error ? 0 : result.profile.samples.length
    console.log(JSON.stringify({ findings, problems: evidence.problems, code, appsSamples, kept: kept.length }))
  })
}, 1000)
