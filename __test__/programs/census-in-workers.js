'use strict'

// Workers that end in the middle of a walk; the main thread goes on.

const { Worker, isMainThread, parentPort } = require('node:worker_threads')
const { CensusEvidence, census } = require('../../lib/evidence/census')
const { createMeans } = require('../helpers/means')

if (isMainThread) {
  const endOne = (n) => new Promise((resolve, reject) => {
    const worker = new Worker(__filename)
    worker.on('error', reject)
    worker.on('exit', resolve)
    worker.on('message', () => setTimeout(() => worker.terminate(), n))
  })
  const main = async () => {
    for (let n = 0; n < 10; n++) await endOne(n)
    const { problems } = await census({}, createMeans())
    process.stdout.write(JSON.stringify({ problems }))
  }
  main()
} else {
  exports.maps = Array.from({ length: 2000 }, () => new Map([[{}, {}]]))
  const evidence = new CensusEvidence(createMeans())
  evidence.start()
  const again = () => census({}, createMeans()).then(again)
  again()
  parentPort.postMessage('walking')
}
