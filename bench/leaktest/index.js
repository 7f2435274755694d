'use strict'

// tidemark/test on pairs of a leaky function and its clean twin: false alarms, missed leaks, named culprits, seconds.
// npm run bench:leaktest [-- --runners process,node,jest,vitest,mocha] [--nodes 18,20,...] [--repeats 1]
//   [--set pairs|heldout|all] [--only NAME,...] [--clean-only] [--peers] [--budget 5000] [--tidemark FOLDER] [--json FILE] [--short]
// 'process' is measureLeak() in a new process for each verdict; the others are test files with assertNoLeak() in that
// runner. --clean-only asks about the clean twins alone, to repeat them often. --peers adds jest --detectLeaks, a loop
// with a threshold of heapUsed, memlab's leak finder, and leakage where it installs. --tidemark takes another copy of
// the package. --short is a handful of pairs in node:test. The set 'heldout' was written first, and nothing may be
// chosen on it. truth.js says what each function truly leaves behind.
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { newest } = require('../../scripts/node-versions')
const { nodeFile, platformName } = require('../../scripts/platform')
const { stageMain, stagePlatform } = require('../../scripts/stage')
const { installModules } = require('../install')
const { detectLeaks, tryLeakage } = require('./peers')
const { inProcesses } = require('./processes')
const { RUNNERS, inRunner } = require('./runners')
const { mistakes, score } = require('./score')
const { TOOLS } = require('./tools')
const { loadPairs, pairsFor } = require('./zoo')

const ROOT = path.join(__dirname, '..', '..')
const HOME = path.join(ROOT, '.cache', 'leaktest')
const PROGRESS_MS = 2000
const SHORT = ['map-of-carts', 'listener-per-connection']

async function main () {
  const { values } = parseArgs({
    options: {
      runners: { type: 'string', default: ['process', ...Object.keys(RUNNERS)].join(',') },
      nodes: { type: 'string' },
      repeats: { type: 'string', default: '1' },
      set: { type: 'string', default: 'pairs' },
      only: { type: 'string' },
      'clean-only': { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      budget: { type: 'string', default: '5000' },
      tidemark: { type: 'string' },
      json: { type: 'string' },
      short: { type: 'boolean', default: false }
    }
  })
  if (values.short) Object.assign(values, { runners: 'node', only: SHORT.join(','), nodes: undefined })
  const runners = values.runners.split(',').filter((name) => name !== '')
  const unknown = runners.find((name) => name !== 'process' && !Object.hasOwn(RUNNERS, name))
  if (unknown !== undefined) throw new Error(`No runner '${unknown}'. There are: process, ${Object.keys(RUNNERS).join(', ')}`)
  const say = (text) => process.stderr.write(`${text}\n`)
  const foreign = values.peers || runners.some((name) => name !== 'process' && name !== 'node')
  const modules = foreign ? installModules('leaktest', say) : ''
  if (values.peers) installModules('leaktest/peers', say)
  fs.mkdirSync(HOME, { recursive: true })
  const folder = fs.mkdtempSync(path.join(HOME, 'run-'))
  const table = []
  try {
    installTidemark(folder, values.tidemark)
    if (values.peers) fs.symlinkSync(path.join(HOME, 'peers'), path.join(folder, 'peers'))
    for (const node of await nodes(values.nodes)) {
      const pairs = pairsFor(node.version, values.set, values.only)
      const sides = values['clean-only'] ? ['clean'] : ['leaky', 'clean']
      const options = { node, folder, modules, sides, budget: Number(values.budget), repeats: Number(values.repeats) }
      for (const [name, ask] of judges(runners, values.peers)) {
        const where = `${name}, Node.js ${node.version}`
        const results = await ask(pairs, { ...options, progress: throttled((text) => say(`${where}: ${text}`)) })
        table.push({ node: node.version, judge: name, results })
        print(table.at(-1), values.set)
        if (values.json) fs.writeFileSync(values.json, `${JSON.stringify(table, null, 1)}\n`)
      }
      if (values.peers) console.log(await tryLeakage(node, folder))
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
  if (table.length > 1) {
    console.log('All:')
    printTable(table, values.set)
  }
}

/** @returns {[string, (pairs: [string, object][], options: object) => Promise<object[]>][]} what is asked, in this order */
function judges (runners, peers) {
  const ownProcess = (tool) => (pairs, options) => inProcesses(tool, pairs, options)
  const ours = runners.map((name) => name === 'process'
    ? ['measureLeak()', ownProcess('tidemark')]
    : [`assertNoLeak() in ${name}`, (pairs, options) => inRunner(name, pairs, options)])
  if (!peers) return ours
  const tools = Object.keys(TOOLS).filter((tool) => tool !== 'tidemark').map((tool) => [tool, ownProcess(tool)])
  return [...ours, ...tools, ['jest --detectLeaks', detectLeaks]]
}

/** The package as it is published, or another copy of it, where the tests of `folder` find it. */
function installTidemark (folder, copy) {
  const modules = path.join(folder, 'node_modules')
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }')
  if (copy !== undefined) {
    fs.mkdirSync(modules)
    fs.cpSync(path.resolve(copy), path.join(modules, 'tidemark'), { recursive: true })
    return
  }
  stageMain(path.join(modules, 'tidemark'))
  stagePlatform(path.join(modules, `tidemark-${platformName()}`), platformName(), path.join(ROOT, nodeFile()))
}

async function nodes (lines) {
  if (lines === undefined) return [{ version: process.versions.node, binary: process.execPath }]
  const found = []
  for (const line of lines.split(',')) found.push(await newest(line))
  return found
}

function throttled (say) {
  let last = performance.now()
  let said
  return (text) => {
    if (text === said || performance.now() - last < PROGRESS_MS) return
    last = performance.now()
    said = text
    say(text)
  }
}

function print (row, set) {
  printTable([row], set)
  for (const line of mistakes(row.results, loadPairs(set))) console.log(`  ${line}`)
}

function printTable (rows, set) {
  const pairs = loadPairs(set)
  console.table(rows.map(({ node, judge, results }) => ({ 'Node.js': node, judge, ...score(results, pairs) })))
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
