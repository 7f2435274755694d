'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { readOptions } = require('../lib/options')
const { checkRuntime } = require('../lib/binding')

test('no options mean the defaults', () => {
  assert.deepEqual(readOptions(), readOptions({}))
  assert.equal(readOptions().detector, 'trend')
  assert.equal(readOptions().consecutive, 5)
})

test("what the caller passed is not changed, and is not shared", () => {
  const channels = Object.freeze(['heap'])
  const given = Object.freeze({ channels, consecutive: 7 })
  const read = readOptions(given)
  read.channels.push('native')
  assert.deepEqual(channels, ['heap'])
  assert.equal(readOptions().channels.length, 4)
})

const WRONG = [
  [{ consecutive: 1 }, /Expected `consecutive` to be an integer from 2 to 1000, got 1\./],
  [{ consecutive: 5.5 }, /`consecutive`/],
  [{ consecutive: '5' }, /got '5'/],
  [{ historySize: 3 }, /Expected `historySize` to be an integer from 16 to 65536, got 3\./],
  [{ historySize: 1e12 }, /from 16 to 65536/],
  [{ historySize: NaN }, /got NaN/],
  [{ detector: 'magic' }, /one of 'trend', 'memwatch', got 'magic'/],
  [{ channels: [] }, /a non-empty array/],
  [{ channels: 'heap' }, /a non-empty array/],
  [{ channels: ['heep'] }, /a non-empty array of 'heap'/],
  [{ idleGc: 1 }, /true or false, got 1/],
  [{ sampleIntervalMs: -1 }, /`sampleIntervalMs`/],
  [{ memoryLimit: 5 }, /`memoryLimit`/],
  [{ source: null }, /`source`.*got null/],
  [null, /Expected `options` to be an object, got null/],
  [[], /Expected `options` to be an object, got an array/],
  ['fast', /Expected `options` to be an object, got 'fast'/]
]

for (const [options, message] of WRONG) {
  test(`${JSON.stringify(options)} is refused with what was expected`, () => {
    assert.throws(() => readOptions(options), { name: 'TypeError', code: 'ERR_TIDEMARK_OPTION', message })
  })
}

test('an unknown option is refused, with the one that was meant', () => {
  assert.throws(() => readOptions({ consecutve: 4 }), {
    name: 'TypeError',
    code: 'ERR_TIDEMARK_UNKNOWN_OPTION',
    message: /Unknown option `consecutve`\. Did you mean `consecutive`\?/
  })
  assert.throws(() => readOptions({ colour: 1 }), /Known options: detector, /)
})

test('an error message never calls code of the app', () => {
  const trap = { toString () { throw new Error('called') }, [Symbol.toPrimitive] () { throw new Error('called') } }
  assert.throws(() => readOptions({ consecutive: trap }), { code: 'ERR_TIDEMARK_OPTION', message: /got an object/ })
  assert.throws(() => readOptions({ consecutive: Symbol('s') }), { code: 'ERR_TIDEMARK_OPTION' })
})

test('a runtime that is not Node.js 18 or later is refused by name', () => {
  const code = 'ERR_TIDEMARK_UNSUPPORTED_RUNTIME'
  assert.throws(() => checkRuntime({ node: '16.20.2' }), { code, message: /Node\.js 16\.20\.2/ })
  assert.throws(() => checkRuntime({ node: '22.0.0', bun: '1.2.0' }), { code, message: /Bun 1\.2\.0/ })
  assert.throws(() => checkRuntime({ node: '22.0.0', deno: '2.1.0' }), { code, message: /Deno 2\.1\.0/ })
  assert.doesNotThrow(() => checkRuntime(process.versions))
})
