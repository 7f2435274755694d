'use strict'

// Workers that are terminated while they are sampled, at any moment.
const { Worker, isMainThread } = require('node:worker_threads')
const { setTimeout: wait } = require('node:timers/promises')

if (isMainThread) main()
else leak()

async function main () {
  for (let i = 0; i < 12; i++) {
    const worker = new Worker(__filename)
    await new Promise((resolve) => { worker.once('message', resolve) })
    await wait(i * 50)
    await worker.terminate()
  }
  console.log(JSON.stringify({ survived: true }))
}

function leak () {
  const { parentPort } = require('node:worker_threads')
  const { SiteEvidence } = require('../../lib/evidence/sites')
  const { createMeans } = require('../helpers/means')
  const kept = []
  const evidence = new SiteEvidence(createMeans())
  evidence.start()
  setInterval(() => { for (let i = 0; i < 1000; i++) kept.push({ i }) }, 1)
  setInterval(() => {
    evidence.tick(performance.now(), { fullGcs: kept.length, level: 1 })
    evidence.findings()
  }, 20)
  parentPort.postMessage('ready')
}
