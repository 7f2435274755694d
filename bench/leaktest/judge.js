'use strict'

// One verdict on one function, in a process of its own, as JSON on standard output:
// node judge.js '{"tool", "file", "name", "side", "budget", "folder"}'
const fs = require('node:fs')
const { TOOLS } = require('./tools')

async function main () {
  const { tool, file, name, side, budget, folder } = JSON.parse(process.argv[2])
  const pair = require(file)[name]
  const fn = pair.make()[side]
  const startedAt = performance.now()
  const result = await TOOLS[tool].judge(fn, { budget, folder }).catch((error) => ({ outcome: 'failed', message: error.stack }))
  const ms = performance.now() - startedAt
  await pair.end?.()
  fs.writeSync(1, JSON.stringify({ ...result, ms }))
  process.exit()
}

main()
