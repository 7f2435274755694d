'use strict'

// What CI lints and tests on one Node.js: `npm run check`. One line a step; `--verbose` shows all
// that the steps print, otherwise only a step that failed shows what it printed.

const { mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { Steps, Skipped, run, must, commandOf, versionOf, indent, tail, exitWith } = require('./steps')
const { checkGenerated } = require('./build')
const { benches } = require('./benches')
const { runTests } = require('./node-tests')
const { setup } = require('./setup')
const { stageMain } = require('./stage')

/** The pure modules alone, and everything. The tests beside `src` are of the pure modules. */
const FEATURES = [
  { name: 'without napi', args: ['--no-default-features'], tests: [] },
  { name: 'default features', args: [], tests: ['--lib'] }
]

/**
 * @param {InstanceType<typeof Steps>} steps
 * @param {{javascript?: boolean, verbose?: boolean}} [options] javascript: also run the JavaScript
 *   tests, on this Node.js
 */
async function check (steps, { javascript = true, verbose = false } = {}) {
  await steps.step('rustfmt', async () => {
    await needs('rustfmt', ['fmt', '--version'])
    await must('cargo', ['fmt', '--all', '--', '--check', '--color', 'never'], { verbose })
  })
  for (const { name, args } of FEATURES) {
    await steps.step(`clippy, ${name}`, async () => {
      await needs('clippy', ['clippy', '--version'])
      await must('cargo', ['clippy', '--quiet', '--locked', '--all-targets', ...args, '--', '-D', 'warnings'], { verbose })
    })
  }
  for (const { name, args, tests } of FEATURES) {
    await steps.step(`Rust tests, ${name}`, () => rustTests([...args, ...tests], verbose))
  }
  await steps.step('binding.d.ts is current', checkGenerated)
  await steps.step('oxlint', () => tool('oxlint', ['--deny-warnings', '.'], verbose))
  await steps.step('tsc on the types', () => tool('tsc', ['-p', path.join('__test__', 'types')], verbose, 'typescript'))
  await steps.step('tsc on the JSDoc of lib, bin and scripts', () => tool('tsc', ['-p', '.'], verbose, 'typescript'))
  await steps.step('tsc on the scripts of pages', () => tool('tsc', ['-p', path.join('scripts', 'pages.json')], verbose, 'typescript'))
  await steps.step('publint', () => publint(verbose))
  await steps.step('benches run (short forms)', benches)
  if (javascript) await steps.step(`JavaScript tests on Node.js ${process.versions.node}`, () => javascriptTests(verbose))
}

/** A component of the Rust toolchain that rustup may have left out. */
async function needs (component, args) {
  if (await versionOf('cargo', args) === undefined) throw new Skipped(`not installed (rustup component add ${component})`)
}

function tool (name, args, verbose, packageName = name) {
  return must(process.execPath, [commandOf(packageName, name), ...args], { verbose }).then(() => undefined)
}

/** By cargo-nextest where it is installed. */
async function rustTests (args, verbose) {
  const nextest = await versionOf('cargo', ['nextest', '--version']) !== undefined
  const command = nextest ? ['nextest', 'run', '--no-fail-fast'] : ['test', '--no-fail-fast']
  const { code, output } = await run('cargo', [...command, '--locked', ...args], { verbose })
  const counts = nextest ? countNextest(output) : countCargo(output)
  if (code !== 0 && counts.failed === 0) throw new Error(tail(output))
  if (counts.failed > 0) console.log(indent(tail(output)))
  return { ...counts, note: `${counts.passed} passed` }
}

/** `Summary [0.5s] 61 tests run: 60 passed, 1 failed, 2 skipped` */
function countNextest (output) {
  const summary = /tests? run: .*$/m.exec(output)?.[0] ?? ''
  const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(summary)?.[1] ?? 0)
  return { passed: count('passed'), failed: count('failed') + count('timed out'), skipped: count('skipped') }
}

/** `test result: ok. 60 passed; 1 failed; 2 ignored; ...`, one for each test binary */
function countCargo (output) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const [, passed, failed, ignored] of output.matchAll(/^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    counts.passed += Number(passed)
    counts.failed += Number(failed)
    counts.skipped += Number(ignored)
  }
  return counts
}

/** On the package as it is published, which the tree is not. */
async function publint (verbose) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-publint-'))
  try {
    stageMain(folder)
    await tool('publint', ['run', folder, '--strict'], verbose)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function javascriptTests (verbose) {
  const { output, ...counts } = await runTests(process.execPath, { verbose })
  if (counts.failed > 0) console.log(indent(output))
  return { ...counts, note: `${counts.passed} passed` }
}

async function main () {
  const { values } = parseArgs({ options: { verbose: { type: 'boolean', default: false } } })
  await setup()
  const steps = new Steps()
  await check(steps, values)
  steps.close()
}

module.exports = { check }

if (require.main === module) main().catch(exitWith)
