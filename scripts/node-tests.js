'use strict'

const { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, run, tail } = require('./steps')

const TESTS = path.join(ROOT, '__test__')

/** Longer than any test file takes on a busy machine. */
const DEADLINE_MS = 600000

/** Test files at a time, also on one core: they mostly wait. */
const LANES = 3

/** The longest test files, the longest first. */
const LONG = ['snapshot-near-limit', 'snapshot-capture', 'channels', 'evidence', 'packaging', 'cli-snapshot', 'workers', 'evidence-sites', 'heap-diff']

function testFiles () {
  return readdirSync(TESTS).filter((name) => name.endsWith('.test.js')).map((name) => path.join(TESTS, name))
}

/**
 * Runs test files with one Node.js, a few at a time: most of them wait for child processes that wait
 * for collections. (`--test-concurrency` is missing in Node.js 18, and one on two cores elsewhere.)
 * Tests start their child processes by process.execPath, so those run with the same one.
 *
 * @param {string} node the binary
 * @param {{files?: string[], verbose?: boolean}} [options]
 * @returns {Promise<{passed: number, failed: number, skipped: number, output: string}>} output: what
 *   the failing files printed
 */
async function runTests (node, { files = testFiles(), verbose = false } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-tests-'))
  const waiting = longestFirst(files)
  const total = { passed: 0, failed: 0, skipped: 0, output: '' }
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const { passed, failed, skipped, output } = await runFile(node, file, path.join(folder, path.basename(file)), verbose)
      total.passed += passed
      total.failed += failed
      total.skipped += skipped
      total.output += output
    }
  }
  try {
    await Promise.all(Array.from({ length: LANES }, lane))
    return total
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What takes long must not begin last. */
function longestFirst (files) {
  const rank = (file) => (LONG.indexOf(path.basename(file, '.test.js')) + LONG.length + 1) % (LONG.length + 1)
  return [...files].sort((one, other) => rank(one) - rank(other))
}

async function runFile (node, file, tap, verbose) {
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
  return { ...counts, output: counts.failed > 0 ? `${path.basename(file)}\n${failures(output)}${ended}\n` : '' }
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

module.exports = { runTests, testFiles }
