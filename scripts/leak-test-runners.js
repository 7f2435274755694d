'use strict'

// The four runners on the snippets of docs/testing.md: in each a function that leaks has to fail, with who holds what, and
// the fixed one to pass. `npm run demo:test` shows it, and a test does it.

const { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { installModules } = require('../bench/install')
const { ROOT, run } = require('./steps')
const { nodeFile } = require('./platform')

const DOCUMENT = path.join(ROOT, 'docs', 'testing.md')

/** What the snippets are tested with stands here; on a busy machine it takes its time. */
const TEST_MS = 200000
const DEADLINE_MS = 250000

/** Of the package, what a test loads. */
const PACKAGE = ['lib', 'index.js', 'binding.js', 'package.json', nodeFile()]

/**
 * By the heading in the document: the packages, the command, what makes its answer one for a program, and how that is read.
 * @type {Record<string, {packages: string[], args: (modules: string, how: {files: string[], pool?: string, args: string[]}) => string[], json: string[], read: (stdout: string) => Outcome[]}>}
 *
 * @typedef {{file: string, passed: boolean, message: string}} Outcome file: a path, or the folder in which it is
 */
const RUNNERS = {
  'node:test': {
    packages: [],
    args: (modules, { files, args }) => ['--test', ...args, ...files],
    json: ['--test-reporter=tap'],
    read: readTap
  },
  Jest: {
    packages: ['jest'],
    args: (modules, { pool, args }) => [path.join(modules, 'jest', 'bin', 'jest.js'), '--ci', ...pool === 'one' ? ['--runInBand'] : ['--maxWorkers=2'], ...args],
    json: ['--json'],
    read: readJestJson
  },
  Vitest: {
    packages: ['vitest'],
    args: (modules, { pool = 'forks', args }) => [path.join(modules, 'vitest', 'vitest.mjs'), 'run', `--testTimeout=${TEST_MS}`, `--pool=${pool}`, ...args],
    json: ['--reporter=json'],
    read: readJestJson
  },
  Mocha: {
    packages: ['mocha'],
    args: (modules, { files, pool, args }) => [path.join(modules, 'mocha', 'bin', 'mocha.js'), ...pool === 'one' ? [] : ['--parallel', '--jobs=2'], ...args, ...files],
    json: ['--reporter=json'],
    read: (stdout) => {
      const { passes, failures } = JSON.parse(stdout)
      return [...passes, ...failures].map(({ file, err: { message = '' } }) => ({ file, passed: message === '', message }))
    }
  }
}

/** Jest's form, which Vitest writes too. */
function readJestJson (stdout) {
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf('{"num')))
  return testResults.map(({ name, assertionResults: [test], message }) =>
    ({ file: name, passed: test?.status === 'passed', message: test?.failureMessages.join('\n') ?? message }))
}

/** Each of our files has one test; of one that fails Node.js gives the message as YAML. */
function readTap (stdout) {
  return stdout.split(/^(?= *# Subtest: )/m).filter((part) => /^ *(?:not )?ok .*a visit leaves/m.test(part)).map((part) => ({
    // Of one that passes it tells no file.
    file: /\bleaky[\\/]/.test(part) ? 'leaky' : 'fixed',
    passed: /^ *ok /m.test(part),
    message: part
  }))
}

/**
 * A project with the snippets of one runner, twice: in `leaky` and in `fixed`. The package is copied into its node_modules,
 * since runners treat what is there, and what a link leads out of it to, differently.
 * @param {string} name of RUNNERS
 * @param {{modules?: string, more?: Record<string, string>}} [options] modules: where the runners are; more: files
 * @returns {{folder: string, remove: () => void}}
 */
function makeProject (name, { modules = runnersHome(), more = {} } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-runners-'))
  const home = path.join(folder, 'node_modules')
  for (const each of PACKAGE) cpSync(path.join(ROOT, each), path.join(home, 'tidemark', each), { recursive: true })
  for (const each of RUNNERS[name].packages) {
    mkdirSync(path.dirname(path.join(home, each)), { recursive: true })
    symlinkSync(path.join(modules, each), path.join(home, each), 'junction')
  }
  const files = { 'package.json': '{ "name": "my-app", "private": true }', ...more }
  for (const [file, code] of Object.entries(blocksBelow(`### ${name}`))) {
    const isTest = file.startsWith('test/')
    if (!isTest) files[file] = code
    for (const side of isTest ? ['leaky', 'fixed'] : []) files[`${side}/${file}`] = withTime(name, code)
  }
  files['leaky/src/visits.js'] = blocksBelow('## A first leak')['src/visits.js']
  files['fixed/src/visits.js'] = blocksBelow('## The fix')['src/visits.js']
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    writeFileSync(path.join(folder, file), text)
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** What a snippet says of time is for a machine that is not busy. */
function withTime (name, code) {
  // The flag is not seen on Node.js 18.
  if (name === 'Jest') return `jest.setTimeout(${TEST_MS})\n${code}`
  return code.replace(/\bbudget: \d+/, `budget: ${TEST_MS / 2}`).replace(/\btimeout\(\d+\)/, `timeout(${TEST_MS})`)
}

/** Code of the document, by the name of the file that stands behind the language. @returns {Record<string, string>} */
function blocksBelow (heading) {
  const text = readFileSync(DOCUMENT, 'utf8')
  const from = text.indexOf(`${heading}\n`)
  if (from < 0) throw new Error(`docs/testing.md has no heading '${heading}'`)
  const rest = text.slice(from + heading.length)
  const section = rest.slice(0, /^##/m.exec(rest)?.index)
  return Object.fromEntries([...section.matchAll(/^```js ([^\n]+)\n([^]*?)^```$/gm)].map(([, file, code]) => [file, code]))
}

/** Installed once, beside what `npm run bench:leaktest` needs. */
function runnersHome () {
  const home = installModules('leaktest', (text) => console.log(text))
  delete process.env.NODE_PATH // what is started finds them as a user's project does
  return home
}

/**
 * Runs a project's tests.
 * @param {string} name of RUNNERS
 * @param {string} folder
 * @param {{node?: string, modules?: string, pool?: string, env?: Record<string, string>, args?: string[]}} [options]
 * @returns {Promise<{code: number | null, output: string, outcomes: Outcome[]}>}
 */
async function runTests (name, folder, { node = process.execPath, modules = runnersHome(), pool, env, args = RUNNERS[name].json } = {}) {
  const files = ['leaky', 'fixed'].map((side) => path.join(folder, side, 'test', 'visits.test.js'))
  const { code, output, stdout } = await run(node, RUNNERS[name].args(modules, { files, pool, args }), {
    cwd: folder, deadlineMs: DEADLINE_MS, env: { NODE_OPTIONS: '', CI: '1', GITHUB_ACTIONS: '', ...env }
  })
  return { code, output, outcomes: outcomesOf(name, stdout) }
}

function outcomesOf (name, stdout) {
  try {
    return RUNNERS[name].read(stdout)
  } catch {
    return [] // the output says why
  }
}

/** @param {Outcome[]} outcomes @param {'leaky' | 'fixed'} side @returns {Outcome | undefined} */
function outcomeOf (outcomes, side) {
  return outcomes.find(({ file }) => file.split(/[\\/]/).includes(side))
}

module.exports = { RUNNERS, blocksBelow, makeProject, outcomeOf, runTests, runnersHome }
