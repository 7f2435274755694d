'use strict'

const { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, run, tail } = require('./steps')

const TESTS = path.join(ROOT, '__test__')

/** Longer than any test file takes on a busy machine. */
const DEADLINE_MS = 1200000

/** Test files at a time, also on one core: they mostly wait. */
const LANES = 3

/** Starts work in the order in which it is given, so much of it at a time. */
class Lanes {
  #free
  #waiting = []

  constructor (count = LANES) {
    this.#free = count
  }

  /** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
  async run (work) {
    if (this.#free === 0) await new Promise((resolve) => this.#waiting.push(resolve))
    else this.#free--
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free++
      else next()
    }
  }
}

/** The longest test files, the longest first. */
const LONG = [
  'snapshot-near-limit-conditions', 'evidence', 'secrets', 'evidence-without', 'snapshot-capture', 'snapshot-capture-conditions', 'snapshot-near-limit', 'limits', 'recorder', 'evidence-sites', 'packaging',
  'leak-test-runners', 'cli-snapshot', 'evidence-retainers', 'snapshot-killed', 'workers', 'ops', 'dashboard', 'channels', 'heap-diff'
]

function testFiles () {
  return readdirSync(TESTS).filter((name) => name.endsWith('.test.js')).map((name) => path.join(TESTS, name))
}

/**
 * Runs test files with one Node.js, a few at a time: most of them wait for child processes that wait
 * for collections. (`--test-concurrency` is missing in Node.js 18, and one on two cores elsewhere.)
 * Tests start their child processes by process.execPath, so those run with the same one.
 *
 * @param {string} node the binary
 * @param {{files?: string[], lanes?: Lanes, verbose?: boolean}} [options] lanes: shared by runs that go on at once
 * @returns {Promise<{passed: number, failed: number, skipped: number, output: string, slowest: string}>} output: what
 *   the failing files printed
 */
async function runTests (node, { files = testFiles(), lanes = new Lanes(), verbose = false } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-tests-'))
  try {
    const results = await Promise.all(longestFirst(files).map((file) =>
      lanes.run(() => runFile(node, file, path.join(folder, path.basename(file)), verbose).catch((error) => notRun(file, error)))))
    const sum = (name) => results.reduce((total, result) => total + result[name], 0)
    return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped'), output: results.map(({ output }) => output).join(''), slowest: slowest(results) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What takes long must not begin last. */
function longestFirst (files) {
  const rank = (file) => (LONG.indexOf(path.basename(file, '.test.js')) + LONG.length + 1) % (LONG.length + 1)
  return [...files].sort((one, other) => rank(one) - rank(other))
}

const SLOWEST = 5

function slowest (results) {
  return [...results].sort((one, other) => other.durationMs - one.durationMs).slice(0, SLOWEST)
    .map(({ name, durationMs }) => `${name} ${Math.round(durationMs / 1000)} s`).join(', ')
}

async function runFile (node, file, tap, verbose) {
  const startedAt = Date.now()
  const { code, signal, output } = await run(node, [
    '--test',
    '--test-reporter=spec', '--test-reporter-destination=stdout',
    '--test-reporter=tap', `--test-reporter-destination=${tap}`,
    file
  ], { deadlineMs: DEADLINE_MS, verbose })
  const counts = countTap(existsSync(tap) ? readFileSync(tap, 'utf8') : '')
  // A runner that died, or ran nothing, has not passed.
  if ((code !== 0 || counts.passed + counts.skipped === 0) && counts.failed === 0) counts.failed = 1
  const ended = signal ? `\nThe test runner was ended by ${signal}.` : ''
  return {
    ...counts,
    name: path.basename(file, '.test.js'),
    durationMs: Date.now() - startedAt,
    output: counts.failed > 0 ? `${path.basename(file)}\n${failures(output)}${ended}\n` : ''
  }
}

/** The others go on. */
function notRun (file, { message }) {
  return { passed: 0, failed: 1, skipped: 0, name: path.basename(file, '.test.js'), durationMs: 0, output: `${path.basename(file)}\nThe test runner could not be run: ${message}\n` }
}

/** The closing lines of TAP: `# pass 12` and so on. */
function countTap (tap) {
  const last = (name) => Number(tap.match(new RegExp(`^# ${name} (\\d+)$`, 'gm'))?.pop()?.split(' ').pop() ?? 0)
  return {
    passed: last('pass'),
    failed: last('fail') + last('cancelled'),
    skipped: last('skipped') + last('todo')
  }
}

/** The spec reporter repeats what failed at its end, behind this heading. */
function failures (output) {
  const at = output.lastIndexOf('failing tests:')
  return tail(at < 0 ? output : output.slice(at))
}

module.exports = { Lanes, runTests, testFiles }
