'use strict'

// Runs the JavaScript tests with one and the same .node file on the newest release of each
// Node.js line, then so many captures by fork on each (see captures.js).
//   npm run test:matrix [-- --only 18,22] [--captures 200]

const path = require('node:path')
const { parseArgs } = require('node:util')
const { captures } = require('./captures')
const { Steps, indent, exitWith } = require('./steps')
const { LINES, linesOf, newest } = require('./node-versions')
const { Lanes, runTests, testFiles } = require('./node-tests')
const { setup } = require('./setup')

/**
 * What takes long and is hardly a matter of the Node.js, such as what npm makes of the packages, or a page in a browser.
 * `npm test`, which is to take a quarter of an hour, runs it on the newest alone; the command above on each.
 */
const ON_THE_NEWEST = [
  'agents', 'cli', 'cli-snapshot', 'dashboard-page', 'docs', 'example', 'hostile-snapshots', 'leak-test-runners', 'limits', 'long-inputs', 'notify', 'ops',
  'packaging', 'recycle-recipes', 'report', 'runtimes', 'secrets', 'snapshot-analysis', 'snapshot-parts'
]

/** What takes long, and whose Node.js matters: `npm test` runs it on the oldest and the newest. */
const AT_BOTH_ENDS = [
  'bundled', 'channels', 'dashboard', 'evidence', 'evidence-retainers', 'evidence-without', 'frameworks', 'heap-diff', 'leak-test', 'leak-test-artifacts',
  'leak-test-environment', 'leak-test-matchers', 'leak-test-server', 'metrics', 'opentelemetry', 'recorder', 'snapshot-capture-conditions', 'snapshot-grown',
  'snapshot-killed', 'snapshot-near-limit-conditions', 'snapshot-surroundings', 'workers'
]

/**
 * @param {InstanceType<typeof Steps>} steps
 * @param {{lines?: string[], short?: boolean}} [options] lines: Node.js major versions, the oldest first; short: as `npm test` wants it
 */
async function matrix (steps, { lines = LINES, short = false } = {}) {
  // One after another would leave a processor idle at the end of each.
  const lanes = new Lanes()
  /** @type {Promise<unknown>} */
  let fetched = Promise.resolve()
  const runs = lines.map((line, i) => {
    const binary = fetched.then(() => newest(line))
    fetched = binary.catch(() => {})
    const left = short ? leftOut(i, lines.length) : []
    const run = binary.then((node) => testsOn(node, left, lanes))
    // Each is waited for in its turn.
    run.catch(() => {})
    return { line, run }
  })
  const rows = []
  for (const { line, run } of runs) {
    const row = { version: line, passed: 0, failed: 1, skipped: 0 }
    rows.push(row)
    await steps.step(`JavaScript tests on the newest Node.js ${line}`, async () => {
      const { output, ...ended } = await run
      Object.assign(row, ended)
      if (ended.failed > 0) console.log(indent(output))
      return { ...ended, note: `Node.js ${ended.version}: ${ended.passed} passed; the slowest: ${ended.slowest}` }
    })
  }
  printTable(rows)
}

/** @returns {string[]} the test files that a line is not run with, by its place among the lines */
function leftOut (i, lines) {
  if (i === lines - 1) return []
  return i === 0 ? ON_THE_NEWEST : [...ON_THE_NEWEST, ...AT_BOTH_ENDS]
}

async function testsOn ({ version, binary }, left, lanes) {
  const files = testFiles().filter((file) => !left.includes(path.basename(file, '.test.js')))
  return { version, ...await runTests(binary, { files, lanes }) }
}

function printTable (rows) {
  const cells = [
    ['Node.js', 'passed', 'failed', 'skipped'],
    ...rows.map(({ version, passed, failed, skipped }) => [version, passed, failed, skipped])
  ]
  console.log()
  for (const row of cells) console.log(row.map((cell, i) => i === 0 ? String(cell).padEnd(10) : String(cell).padStart(9)).join(''))
  console.log()
}

async function main () {
  const { values } = parseArgs({ options: { only: { type: 'string' }, captures: { type: 'string', default: '200' } } })
  const lines = linesOf(values.only)
  await setup()
  const steps = new Steps()
  await matrix(steps, { lines })
  if (values.captures !== '0') await captures(steps, lines, values)
  steps.close()
}

module.exports = { matrix }

if (require.main === module) main().catch(exitWith)
