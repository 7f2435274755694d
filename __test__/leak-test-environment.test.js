'use strict'

// What is recognised of the runner and of what disturbs: in the real runners, each with a project of its own.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, mock, test } = require('node:test')
const { keeperOf } = require('../lib/leak-test/environment')
const { makeProject, runnersHome } = require('../scripts/leak-test-runners')
const { run } = require('../scripts/steps')

const FILE = path.join('node_modules', 'tidemark', 'lib', 'leak-test', 'environment.js')
const OUT = 'said.txt'

/** Each line of `said.txt`: the name, the runner, the budget, what disturbs. A program of its own, as a user's test is. */
const SAY = `
const { appendFileSync } = require('node:fs')
const { join } = require('node:path')
const { disturbers, runner, timeFor } = require(join(process.cwd(), ${JSON.stringify(FILE)}))
exports.say = (name) => appendFileSync(join(process.cwd(), '${OUT}'), [name, runner(), timeFor().budget, ...disturbers().map(({ kind }) => kind)].join(' ') + '\\n')`

const FAKES = (mocks) => `
test('plain', () => say('plain'))
test('clock', () => { ${mocks}.useFakeTimers(); say('clock'); ${mocks}.useRealTimers(); say('real') })
test('date', () => { ${mocks}.useFakeTimers().setSystemTime(0); say('date'); ${mocks}.useRealTimers() })
test('spy', () => { ${mocks}.spyOn(globalThis, 'setTimeout'); say('spy'); ${mocks}.restoreAllMocks() })
test('time', () => say('time'), 2000)`

/** By the runner: its project's files, its command, and what has to be said. */
const CASES = {
  Jest: {
    files: { 'env.test.js': `const { say } = require('./say')\n${FAKES('jest')}\ntest('old', () => { jest.useFakeTimers({ legacyFakeTimers: true }); say('old') })` },
    args: (modules) => [path.join(modules, 'jest', 'bin', 'jest.js'), '--ci', '--coverage', '--testMatch', '**/env.test.js'],
    says: ['plain jest 3750 coverage', 'clock jest 3750 coverage fake-timers', 'real jest 3750 coverage', 'date jest 3750 coverage fake-timers', 'spy jest 3750 coverage module-mocks', /^time jest (?:1500|3750) coverage$/, 'old jest 3750 coverage fake-timers']
  },
  Vitest: {
    files: { 'env.test.mjs': `import { test, vi } from 'vitest'\nimport { say } from './say.js'\n${FAKES('vi')}` },
    args: (modules) => [path.join(modules, 'vitest', 'vitest.mjs'), 'run', '--pool=threads', 'env.test.mjs'],
    says: ['plain vitest 3750', 'clock vitest 3750 fake-timers', 'real vitest 3750', 'date vitest 3750 fake-timers', 'spy vitest 3750 module-mocks', 'time vitest 1500']
  },
  Mocha: {
    files: { 'env.js': "const { say } = require('./say')\nit('plain', () => say('plain'))" },
    args: (modules) => [path.join(modules, 'mocha', 'bin', 'mocha.js'), 'env.js'],
    env: { NODE_V8_COVERAGE: 'coverage' },
    says: ['plain mocha 1500 coverage']
  },
  'node:test': {
    files: {
      'env.test.js': `const { test } = require('node:test')\nconst { say } = require('./say')
test('plain', () => say('plain'))
test('clock', (t) => { if (t.mock.timers) { t.mock.timers.enable(); say('clock'); t.mock.timers.reset(); say('real') } })`
    },
    args: () => ['--test', 'env.test.js'],
    // The first versions of Node.js 18 have no such clock.
    says: ['plain node:test 5000', ...mock.timers === undefined ? [] : ['clock node:test 5000 fake-timers', 'real node:test 5000']]
  }
}

describe('the runner, its time, and what disturbs are recognised in', { concurrency: 2, timeout: 120000 }, () => {
  const modules = runnersHome()
  for (const [name, { files, args, env, says }] of Object.entries(CASES)) {
    test(name, async (t) => {
      const { folder, remove } = makeProject(name, { modules, more: { 'say.js': SAY, ...files } })
      t.after(remove)
      const { code, output } = await run(process.execPath, args(modules), { cwd: folder, env: { NODE_OPTIONS: '', NODE_V8_COVERAGE: '', ...env } })
      const said = fs.readFileSync(path.join(folder, OUT), 'utf8').trim().split('\n')
      assert.equal(said.length, says.length, output)
      for (const [i, expected] of says.entries()) {
        if (typeof expected === 'string') assert.equal(said[i], expected)
        else assert.match(said[i], expected)
      }
      assert.equal(code, 0, output)
    })
  }
})

test('a debugger is recognised', async () => {
  const program = `console.log(require(${JSON.stringify(path.resolve(__dirname, '..', 'lib', 'leak-test', 'environment.js'))}).disturbers().map(({ kind }) => kind).join())`
  const { stdout } = await run(process.execPath, ['--inspect=0', '-e', program])
  assert.equal(stdout, 'debugger\n')
})

test('what a mock, a fake clock and a captured console keep is theirs, and the app\'s own is not', () => {
  // As snapshots of Jest 30, Vitest 3, sinon 20 and Node.js 20 have it.
  for (const [held, kind] of [
    ['Array `console._buffer` console .console Object', 'console-capture'],
    ['Array `invocationCallOrder` (of Object) Object function `f`', 'module-mocks'],
    ['Array `<symbol tinyspy:spy>.calls` Object .<symbol tinyspy:spy> function Set', 'module-mocks'],
    ['Array `mock.#mocks[0].ctx.#calls` MockFunctionContext .ctx', 'module-mocks'],
    ['Array `performance.clock.timerHeap.timers` TimerHeap .timerHeap Object .clock', 'fake-timers'],
    ['Object `Intl.clock.timers` Object .clock Object .Intl global', 'fake-timers'],
    ['Timeout `#executionQueue.#heap[50930]` PriorityQueue .#executionQueue MockTimers', 'fake-timers'],
    ['Map `sessions` function login module exports', undefined],
    ['Array `buffered` (of Clock)', undefined]
  ]) assert.equal(keeperOf(held)?.kind, kind, held)
})
