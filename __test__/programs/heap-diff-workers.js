'use strict'

// A HeapDiff is of the thread that makes it; a thread that ends in the middle of one harms nobody.
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const { HeapDiff } = require('../..')

async function inWorker () {
  class OfWorker {}
  const kept = []
  const hd = await HeapDiff.start()
  for (let n = 0; n < 1000; n++) kept.push(new OfWorker())
  if (workerData === 'leave') {
    HeapDiff.start()
    process.exit(0)
  }
  parentPort.postMessage((await hd.finish()).change.details.find(({ what }) => what === 'OfWorker'))
}

async function main () {
  const run = (data) => new Promise((resolve, reject) => {
    let message
    new Worker(__filename, { workerData: data })
      .on('message', (value) => { message = value })
      .on('error', reject)
      .on('exit', () => resolve(message))
  })
  const hd = new HeapDiff()
  const found = await run('tell')
  for (let n = 0; n < 3; n++) await run('leave')
  const own = hd.end().change.details.find(({ what }) => what === 'OfWorker') ?? null
  console.log(JSON.stringify({ found, own }))
}

if (isMainThread) main()
else inWorker()
