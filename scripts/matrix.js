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
 * What takes long and is hardly a matter of the Node.js, such as what npm makes of the packages, or the analyser: the
 * oldest and the newest will do.
 */
const AT_BOTH_ENDS = [
  'agents', 'bundled', 'channels', 'cli', 'cli-snapshot', 'dashboard', 'dashboard-page', 'docs', 'evidence', 'evidence-retainers', 'evidence-without', 'example', 'heap-diff', 'hostile-snapshots', 'limits', 'long-inputs', 'metrics', 'notify', 'opentelemetry',
  'ops', 'packaging', 'recorder', 'recycle-recipes', 'report', 'runtimes', 'secrets', 'snapshot-analysis', 'snapshot-killed', 'snapshot-parts', 'snapshot-surroundings'
]

/**
 * @param {InstanceType<typeof Steps>} steps
 * @param {string[]} [lines] Node.js major versions
 */
async function matrix (steps, lines = LINES) {
  // One after another would leave a processor idle at the end of each.
  const lanes = new Lanes()
  /** @type {Promise<unknown>} */
  let fetched = Promise.resolve()
  const runs = lines.map((line, i) => {
    const binary = fetched.then(() => newest(line))
    fetched = binary.catch(() => {})
    const inner = i > 0 && i < lines.length - 1
    const run = binary.then((node) => testsOn(node, inner, lanes))
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

async function testsOn ({ version, binary }, inner, lanes) {
  const files = testFiles().filter((file) => !(inner && AT_BOTH_ENDS.includes(path.basename(file, '.test.js'))))
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
  await matrix(steps, lines)
  if (values.captures !== '0') await captures(steps, lines, values)
  steps.close()
}

module.exports = { matrix }

if (require.main === module) main().catch(exitWith)
