'use strict'

const { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, run, tail } = require('./steps')

const TESTS = path.join(ROOT, '__test__')

/** Longer than every test file together takes on a busy machine. */
const DEADLINE_MS = 900000

function testFiles () {
  return readdirSync(TESTS).filter((name) => name.endsWith('.test.js')).map((name) => path.join(TESTS, name))
}

/**
 * Runs test files with one Node.js. Tests start their child processes by process.execPath, so those
 * run with the same one.
 *
 * @param {string} node the binary
 * @param {{files?: string[], verbose?: boolean}} [options]
 * @returns {Promise<{passed: number, failed: number, skipped: number, output: string}>} output: what
 *   the failing files printed
 */
async function runTests (node, { files = testFiles(), verbose = false } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-tests-'))
  const tap = path.join(folder, 'tap')
  try {
    const { code, signal, output } = await run(node, [
      '--test',
      '--test-reporter=spec', '--test-reporter-destination=stdout',
      '--test-reporter=tap', `--test-reporter-destination=${tap}`,
      ...files
    ], { deadlineMs: DEADLINE_MS, verbose })
    const counts = countTap(existsSync(tap) ? readFileSync(tap, 'utf8') : '')
    // A runner that died, or ran nothing, has not passed.
    if ((code !== 0 || counts.passed === 0) && counts.failed === 0) counts.failed = 1
    const ended = signal ? `\nThe test runner was ended by ${signal}.` : ''
    return { ...counts, output: counts.failed > 0 ? failures(output) + ended : '' }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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
