'use strict'

// One container leaks, others do what healthy ones do; prints the findings.

const { CensusEvidence } = require('../../lib/evidence/census')
const { createMeans } = require('../helpers/means')

const leak = new Map()
const full = new Map()
const queue = []
const replaced = { list: [] }
let n = 0

function work () {
  for (let i = 0; i < 50; i++) {
    leak.set(n++, { payload: `payload number ${n}`, at: [n, n] })
    full.set(n % 100, {})
    queue.push({})
  }
  if (queue.length > 200) queue.length = 0
  replaced.list = replaced.list.concat({})
}

exports.work = work
for (let i = 0; i < 10; i++) work()

async function main () {
  // Nothing of a census keeps a process alive.
  const alive = setInterval(() => {}, 1000)
  const evidence = new CensusEvidence(createMeans())
  evidence.start()
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  // The first walk takes as long as the machine lets it.
  do await wait(10); while (evidence.cost.walks === 0)
  for (let i = 0; i < 12; i++) {
    work()
    evidence.tick(i, { fullGcs: i, level: 0 })
    await wait(5)
  }
  const findings = await evidence.findings()
  evidence.stop()
  const silent = await evidence.findings()
  process.stdout.write(JSON.stringify({ findings, silent, cost: evidence.cost, problems: evidence.problems }))
  clearInterval(alive)
}

main()
