'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

/** A test waits longer than the helper: its own deadline must not be what ends it. */
const TEST_MS = 60000

/** How each runner is started on a folder of tests, and what a test file of it looks like. */
const RUNNERS = {
  node: {
    extension: 'test.js',
    args: (modules, folder, files) => ['--test', ...files],
    head: "const { test } = require('node:test')",
    test: (title, body) => `test(${title}, async () => { ${body} })`
  },
  jest: {
    extension: 'test.js',
    args: (modules, folder) => [path.join(modules, 'jest', 'bin', 'jest.js'), '--ci', '--rootDir', folder],
    head: '/* global test */',
    test: (title, body) => `test(${title}, async () => { ${body} }, ${TEST_MS})`
  },
  vitest: {
    extension: 'test.mjs',
    args: (modules, folder) => [path.join(modules, 'vitest', 'vitest.mjs'), 'run', '--root', folder],
    head: "import { createRequire } from 'node:module'\nimport { test } from 'vitest'\nconst require = createRequire(import.meta.url)",
    test: (title, body) => `test(${title}, async () => { ${body} }, ${TEST_MS})`
  },
  mocha: {
    extension: 'test.js',
    args: (modules, folder, files) => [path.join(modules, 'mocha', 'bin', 'mocha.js'), '--exit', ...files],
    head: '/* global it */',
    test: (title, body) => `it(${title}, async function () { this.timeout(${TEST_MS}); ${body} })`
  }
}

/** What the generated tests share. The file that it adds to is how answers come out of any runner. */
const SHARED = `'use strict'

const fs = require('node:fs')
const { assertNoLeak } = require('tidemark/test')

const OUTCOMES = { ERR_TIDEMARK_LEAK: 'leaks', ERR_TIDEMARK_LEAK_UNDECIDED: 'undecided' }

async function judge (pair, name, side) {
  const fn = pair.make()[side]
  const startedAt = performance.now()
  const result = await assertNoLeak(fn, { budget: Number(process.env.LEAKTEST_BUDGET) }).then(
    () => ({ outcome: 'clean', message: '' }),
    (error) => ({ outcome: OUTCOMES[error.code] ?? 'failed', message: OUTCOMES[error.code] ? error.message : error.stack }))
  const ms = performance.now() - startedAt
  await pair.end?.()
  fs.appendFileSync(process.env.LEAKTEST_OUT, JSON.stringify({ name, side, ...result, ms }) + '\\n')
  if (result.outcome !== (side === 'leaky' ? 'leaks' : 'clean')) throw new Error(result.outcome + ': ' + result.message)
}

module.exports = { judge }
`

/**
 * Writes a project whose tests are the pairs, one file for each file of the zoo, and has the runner run it.
 * @param {string} runner of RUNNERS
 * @param {[string, object][]} pairs
 * @param {{node: object, budget: number, folder: string, modules: string, repeats: number, sides: string[], progress: (text: string) => void}} options
 */
async function inRunner (runner, pairs, { node, budget, folder, modules, repeats, sides, progress }) {
  const project = path.join(folder, runner)
  const tests = writeProject(runner, pairs, sides, project)
  const out = path.join(project, 'results.jsonl')
  const wanted = pairs.flatMap(([name]) => sides.map((side) => [name, side]))
  const results = []
  for (let i = 0; i < repeats; i++) {
    fs.writeFileSync(out, '')
    const ticking = setInterval(() => progress(`${results.length + read(out).length} of ${wanted.length * repeats}`), 2000)
    const env = { ...process.env, LEAKTEST_OUT: out, LEAKTEST_BUDGET: String(budget), NODE_NO_WARNINGS: '1', CI: '1' }
    delete env.NODE_TEST_CONTEXT
    const output = await new Promise((resolve) => {
      execFile(node.binary, RUNNERS[runner].args(modules, project, tests), { cwd: project, env, timeout: wanted.length * (budget * 2 + 5000) + 60000, maxBuffer: 1 << 28 },
        (error, stdout, stderr) => resolve(`${stdout}${stderr}`))
    })
    clearInterval(ticking)
    const seen = read(out)
    results.push(...seen, ...wanted.filter(([name, side]) => !seen.some((one) => one.name === name && one.side === side))
      .map(([name, side]) => ({ name, side, outcome: 'failed', message: `The runner ended without an answer: ${output.slice(-1000)}`, ms: 0 })))
  }
  return results
}

function writeProject (runner, pairs, sides, project) {
  const { extension, head, test } = RUNNERS[runner]
  fs.rmSync(project, { recursive: true, force: true })
  fs.mkdirSync(project, { recursive: true })
  fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true }')
  fs.writeFileSync(path.join(project, 'judge.js'), SHARED)
  const files = new Map()
  for (const [name, pair] of pairs) {
    if (!files.has(pair.file)) files.set(pair.file, [])
    files.get(pair.file).push(name)
  }
  return [...files].map(([file, names]) => {
    const set = path.basename(path.dirname(file))
    const base = path.basename(file, '.js')
    fs.mkdirSync(path.join(project, set), { recursive: true })
    fs.copyFileSync(file, path.join(project, set, `${base}.js`))
    const testFile = path.join(project, `${set}-${base}.${extension}`)
    fs.writeFileSync(testFile, [
      head,
      "const { judge } = require('./judge')",
      `const pairs = require('./${set}/${base}')`,
      ...names.flatMap((name) => sides.map((side) => test(`'${name} ${side}'`, `await judge(pairs['${name}'], '${name}', '${side}')`))),
      ''
    ].join('\n'))
    return testFile
  })
}

function read (file) {
  return fs.readFileSync(file, 'utf8').split('\n').filter((line) => line.endsWith('}')).map((line) => JSON.parse(line))
}

module.exports = { RUNNERS, inRunner }
