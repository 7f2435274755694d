'use strict'

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { promisify } = require('node:util')

const CALLS = 200
const CALLS_MS = 2000

/**
 * jest --detectLeaks on a test file for each function, which calls it 200 times. It answers for a file, and says no more than yes or no.
 * @param {[string, object][]} pairs
 */
async function detectLeaks (pairs, { node, folder, modules, sides, progress }) {
  const project = path.join(folder, 'detect-leaks')
  fs.rmSync(project, { recursive: true, force: true })
  fs.mkdirSync(project, { recursive: true })
  fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true }')
  const questions = new Map()
  for (const [name, { file }] of pairs) {
    for (const side of sides) {
      const testFile = path.join(project, `${name}-${side}.test.js`)
      questions.set(testFile, { name, side })
      fs.writeFileSync(testFile, `/* global test */
test('calls', async () => {
  const pair = require(${JSON.stringify(file)})['${name}']
  const fn = pair.make().${side}
  const until = performance.now() + ${CALLS_MS}
  for (let i = 0; i < ${CALLS} && performance.now() < until; i++) await fn()
  await pair.end?.()
}, 60000)
`)
    }
  }
  const report = path.join(project, 'report.json')
  const jest = path.join(modules, 'jest', 'bin', 'jest.js')
  // With --json the lines of its progress are all that is on standard error.
  progress('started')
  await new Promise((resolve) => {
    let done = 0
    const child = execFile(node.binary, [jest, '--ci', '--detectLeaks', '--forceExit', '--json', '--outputFile', report, '--rootDir', project],
      { cwd: project, timeout: questions.size * 10000, maxBuffer: 1 << 28, env: { ...process.env, NODE_NO_WARNINGS: '1' } }, resolve)
    child.stderr.on('data', (text) => {
      done += String(text).match(/^(?:PASS|FAIL) /gm)?.length ?? 0
      progress(`${done} of ${questions.size}`)
    })
  })
  const answers = fs.existsSync(report) ? JSON.parse(fs.readFileSync(report, 'utf8')).testResults : []
  return [...questions].map(([testFile, question]) => {
    const answer = answers.find(({ name }) => fs.realpathSync(name) === fs.realpathSync(testFile))
    if (answer === undefined) return { ...question, outcome: 'failed', message: 'Jest gave no answer', ms: 0 }
    const outcome = /leaking memory/.test(answer.message) ? 'leaks' : answer.status === 'passed' ? 'clean' : 'failed'
    return { ...question, outcome, message: answer.message, ms: answer.endTime - answer.startTime }
  })
}

/**
 * The package `leakage` asserts by the native addon memwatch.
 * @returns {Promise<string>} why it cannot take part, or that it can
 */
async function tryLeakage (node, folder) {
  const project = path.join(folder, 'leakage')
  fs.mkdirSync(project, { recursive: true })
  fs.writeFileSync(path.join(project, 'package.json'), '{ "private": true }')
  const env = { ...process.env, PATH: `${path.dirname(node.binary)}${path.delimiter}${process.env.PATH}` }
  try {
    await promisify(execFile)('npm', ['install', 'leakage', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: project, env, timeout: 300000, maxBuffer: 1 << 26 })
    return `leakage: installs on Node.js ${node.version}; the bench has no use of it yet`
  } catch (error) {
    const reason = /error: .*/.exec(error.stderr ?? '')?.[0] ?? error.message.split('\n')[0]
    return `leakage: does not install on Node.js ${node.version}: ${reason}`
  }
}

module.exports = { detectLeaks, tryLeakage }
