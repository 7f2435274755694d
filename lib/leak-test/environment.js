'use strict'

const { loadInspector } = require('../evidence/inspector')

/**
 * Which runner runs this, and what in it makes memory move or hides where it goes.
 *
 * @typedef {{kind: 'coverage' | 'debugger' | 'fake-timers' | 'console-capture' | 'module-mocks' | 'flags', message: string}} Disturber
 */

/** Milliseconds after which a runner ends a test, unless it is told otherwise. node:test waits. */
const LIMITS = { jest: 5000, mocha: 2000, vitest: 5000 }

/** Milliseconds until it should be certain whether memory grows, and the parts of the runner's time for that and for all. */
const BUDGET_MS = 5000
const DECIDED = 0.75
const ENDED = 0.9

const JEST_TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL')
const VITEST_WORKER = '__vitest_worker__'

/** @returns {'jest' | 'vitest' | 'mocha' | 'node:test' | null} */
function runner () {
  const { env } = process
  if (env.VITEST !== undefined || env.VITEST_WORKER_ID !== undefined) return 'vitest'
  if (env.JEST_WORKER_ID !== undefined) return 'jest'
  if (env.NODE_TEST_CONTEXT !== undefined || process.execArgv.includes('--test')) return 'node:test'
  if (env.MOCHA_COLORS !== undefined || isMocha()) return 'mocha'
  return null
}

function isMocha () {
  const globals = /** @type {Record<string, any>} */ (globalThis)
  return /[\\/]_?mocha(\.js)?$/.test(process.argv[1] ?? '') || /[\\/]mocha[\\/]/.test(process.argv[1] ?? '') ||
    ['it', 'specify', 'context'].every((name) => typeof globals[name] === 'function')
}

/**
 * So that a test ends before its runner ends it.
 * @param {number} [wanted] what the caller gave: it counts also where the runner is not known to wait so long
 * @returns {{budget: number, deadline: number}} milliseconds: until it is decided, and until it is explained
 */
function timeFor (wanted) {
  const limit = timeLimit()
  const budget = wanted ?? Math.min(BUDGET_MS, limit * DECIDED)
  return { budget, deadline: Math.max(budget, limit * ENDED) }
}

/** Milliseconds that the runner gives the test that runs now: what was asked of it, where it can be seen. */
function timeLimit () {
  const name = runner() ?? ''
  const asked = name === 'jest' ? jestTimeout() : name === 'vitest' ? vitestTimeout() : undefined
  if (asked === 0) return Infinity
  return typeof asked === 'number' && asked > 0 ? asked : LIMITS[name] ?? Infinity
}

/** Node.js 18 does not list the symbols of Jest's global object: there only `jest.setTimeout()` is seen. */
function jestTimeout () {
  const symbol = Object.getOwnPropertySymbols(globalThis).find(({ description }) => description === 'JEST_STATE_SYMBOL')
  const state = symbol === undefined ? undefined : globalThis[symbol]
  return state?.currentlyRunningTest?.timeout ?? globalThis[JEST_TIMEOUT] ?? state?.testTimeout
}

function vitestTimeout () {
  const worker = globalThis[VITEST_WORKER]
  return worker?.current?.timeout ?? worker?.config?.testTimeout
}

/** Where code that is instrumented for coverage counts. */
const ISTANBUL = '__coverage__'

/** @returns {Disturber[]} */
function disturbers () {
  const { env, execArgv } = process
  const globals = /** @type {Record<string, any>} */ (globalThis)
  const found = []
  const add = (kind, message) => found.push({ kind, message })
  if (env.NODE_V8_COVERAGE) add('coverage', 'V8 counts coverage (NODE_V8_COVERAGE, c8, --experimental-test-coverage): functions keep counters, and rounds are slower.')
  if (globals[ISTANBUL] !== undefined) add('coverage', 'The code is instrumented for coverage (istanbul, nyc, jest --coverage): rounds are slower.')
  if (loadInspector().inspector?.url() !== undefined) add('debugger', 'A debugger is open (--inspect): it keeps what is logged, and hides variables and allocation sites from tidemark.')
  if (globals[VITEST_WORKER]?.config?.coverage?.enabled && globals[VITEST_WORKER].config.coverage.provider !== 'istanbul') add('coverage', 'Vitest has V8 count coverage: functions keep counters, and rounds are slower.')
  if (isMock(globals.setTimeout) && !isFaked(globals.setTimeout)) add('module-mocks', 'setTimeout() is a mock: it keeps the arguments of each call.')
  if (isFaked(globals.setTimeout) || isFaked(globals.Date)) add('fake-timers', 'Timers are faked: what waits for one is kept by the fake clock until it ticks, and looks like a leak.')
  if (execArgv.some((flag) => /^--(?:jitless|single-threaded|always-sparkplug|stress)/.test(flag))) add('flags', `Node.js runs with ${execArgv.join(' ')}.`)
  return found
}

/** By sinon's clock (Jest, Vitest, sinon), by node:test, whose timers are bound functions, or by Jest's old way. */
function isFaked (value) {
  if (typeof value !== 'function') return false
  if (value.clock !== undefined || value.isFake === true || value.isMock === true) return true
  return value.name !== 'Date' && (isMock(value) ? String(value.getMockImplementation?.()?.name).endsWith('fakeSetTimeout') : BOUND.test(Function.prototype.toString.call(value)))
}

/** Node.js's own timers are none. */
const BOUND = /\{\s*\[native code\]\s*\}\s*$/
const MOCK = '_isMockFunction'

function isMock (value) {
  return value?.[MOCK] === true
}

/** What a runner or a library of mocks keeps, by what stands in the path that holds it. */
const KEEPERS = [
  [/\b(?:mock\.calls|mockState|mockConfigRegistry|MockFunctionContext|invocationCallOrder|tinyspy|callIds|thisValues|errorsWithCallStack)\b/i, 'module-mocks', 'A mock keeps the arguments and results of each call: clear it in the function (mockClear()), or count without it.'],
  [/\b(?:BufferedConsole|_buffer)\b/, 'console-capture', 'The runner keeps what the function logs until the test ends: log nothing in it.'],
  [/\b(?:FakeTimers|ClockTimer|fakeTimers|createClock|TimerHeap|MockTimers|clock\.timers)\b/i, 'fake-timers', 'The fake clock keeps what waits for it: tick it in the function, or use real timers.']
]

/**
 * Whether what holds a leak belongs to the runner.
 * @param {string} text the path and the holder
 * @returns {Disturber | null}
 */
function keeperOf (text) {
  const found = KEEPERS.find(([pattern]) => /** @type {RegExp} */ (pattern).test(text))
  return found === undefined ? null : { kind: /** @type {any} */ (found[1]), message: /** @type {string} */ (found[2]) }
}

module.exports = { disturbers, keeperOf, runner, timeFor }
