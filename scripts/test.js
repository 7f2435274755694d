'use strict'

// Everything that CI runs, on a machine that has only Node.js and Rust: `npm test`.

const { parseArgs } = require('node:util')
const { Steps, exitWith } = require('./steps')
const { check } = require('./check')
const { matrix } = require('./matrix')
const { setup } = require('./setup')

async function main () {
  const { values } = parseArgs({ options: { verbose: { type: 'boolean', default: false } } })
  const startedAt = Date.now()
  await setup()
  const steps = new Steps()
  // The JavaScript tests run once on each Node.js, in the matrix; packaging and the soak of worker
  // threads are among them. Not beside what Rust takes: the child that writes a snapshot has the lowest priority, and
  // beside a compiler on two cores it got none for minutes.
  await check(steps, { ...values, javascript: false })
  await matrix(steps, { short: true })
  console.log(`everything took ${Math.round((Date.now() - startedAt) / 1000)} s`)
  steps.close()
}

main().catch(exitWith)
