'use strict'

const assert = require('node:assert/strict')
const { mkdtempSync, readFileSync, readdirSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const vm = require('node:vm')
const { readOptions, ignoredOptions, abortSignal } = require('../lib/options')
const { PUBLISHED, checkRuntime, whyNot } = require('../lib/binding')
const { createError } = require('../lib/errors')
const { result } = require('./helpers/child')
const { unreadableErrors } = require('./helpers/unreadable')

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
  [{ channels: [] }, /a non-empty array .*, got an empty array\./],
  [{ channels: 'heap' }, /a non-empty array/],
  [{ channels: ['heap', 'heep'] }, /a non-empty array of 'heap'.*, got \['heap', 'heep'\]\./],
  [{ evidence: ['route', ['sites'], {}, 5] }, /an array of none or more of .*, got \['route', an array, an object, 5\]\./],
  [{ idleGc: 1 }, /true or false, got 1/],
  [{ sampleIntervalMs: -1 }, /`sampleIntervalMs`/],
  [{ memoryLimit: 5 }, /`memoryLimit`/],
  [{ snapshots: true }, /one of 'off', 'auto', got true/],
  [{ snapshotFolder: '' }, /`snapshotFolder` to be the path of a folder, got ''/],
  [{ source: null }, /`source`.*got null/],
  [null, /Expected `options` to be an object, got null/],
  [[], /Expected `options` to be an object, got an empty array/],
  ['fast', /Expected `options` to be an object, got 'fast'/]
]

for (const [options, message] of WRONG) {
  test(`${JSON.stringify(options)} is refused with what was expected`, () => {
    assert.throws(() => readOptions(options), { name: 'TypeError', code: 'ERR_TIDEMARK_OPTION', message })
  })
}

test('a long array is told in part', () => {
  assert.throws(() => readOptions({ channels: Array(1000).fill('x'.repeat(1000)) }), { message: /^.{1,400}got \['x{40}\.\.\.',.{1,300}, and 995 more\]\.$/ })
})

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
  const [revoked] = unreadableErrors()
  assert.throws(() => readOptions({ consecutive: revoked }), { code: 'ERR_TIDEMARK_OPTION', message: /got something that cannot be read\.$/ })
  const getter = Object.defineProperty([], 0, { get () { throw new Error('called') }, enumerable: true })
  for (const array of [getter, new Proxy([trap], { get () { throw new Error('called') } }), Array(3)]) {
    assert.throws(() => readOptions({ consecutive: array }), { code: 'ERR_TIDEMARK_OPTION', message: /got (an array|\[an accessor\]|\[undefined, )/ })
  }
})

test('an option that the detector does not look at is told', () => {
  const [problem, ...others] = ignoredOptions(readOptions({ consecutive: 2 }))
  assert.match(problem, /`consecutive` is ignored: it is for `detector: 'memwatch'`\./)
  assert.deepEqual(others, [])
  for (const options of [{}, { detector: 'memwatch', consecutive: 2 }]) assert.deepEqual(ignoredOptions(readOptions(options)), [])
})

test('a memory limit is a number of bytes, or a size as people write it', () => {
  const read = (memoryLimit) => readOptions({ memoryLimit }).memoryLimit
  assert.deepEqual([536870912, '512m', '512MB', ' 0.5 Gi '].map(read), [536870912, 536870912, 536870912, 536870912])
  for (const wrong of ['512x', '', '1', 'm', 1.5e6 + 0.5, NaN, {}]) {
    assert.throws(() => read(wrong), { code: 'ERR_TIDEMARK_OPTION', message: /in bytes, or a size such as '512m' or '1g', got / })
  }
})

test('an AbortSignal is one by what it can', () => {
  const check = abortSignal()
  const foreign = { aborted: false, addEventListener () {}, throwIfAborted () {} }
  for (const right of [AbortSignal.abort(), new AbortController().signal, foreign]) assert.equal(check(right), undefined)
  for (const wrong of [{}, null, 1, 'signal', new AbortController(), new EventTarget(), { ...foreign, throwIfAborted: undefined }]) {
    assert.equal(check(wrong), 'an AbortSignal')
  }
})

test('a runtime that is not Node.js 18 or later is refused by name', () => {
  const code = 'ERR_TIDEMARK_UNSUPPORTED_RUNTIME'
  assert.throws(() => checkRuntime({ node: '16.20.2' }), { code, message: /Node\.js 16\.20\.2/ })
  assert.throws(() => checkRuntime({ node: '22.0.0', bun: '1.2.0' }), { code, message: /Bun 1\.2\.0/ })
  assert.throws(() => checkRuntime({ node: '22.0.0', deno: '2.1.0' }), { code, message: /Deno 2\.1\.0/ })
  assert.doesNotThrow(() => checkRuntime(process.versions))
})

test('what Object.prototype was polluted with is no option', { timeout: 120000 }, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const told = await result('polluted-prototype.js', { args: [folder], deadlineMs: 100000 })
  assert.deepEqual(told, {
    detector: 'trend',
    state: 'settling',
    middleware: 'function',
    containers: true,
    classes: 50,
    found: 'Object',
    refused: 'ERR_TIDEMARK_OPTION',
    files: { heapprofile: null, flamegraph: null },
    written: ['one.heapsnapshot']
  })
})

test('the guard that the error gives is right on each runtime', () => {
  const [, condition] = /`if \((.*?)\)`/.exec(createError('ERR_TIDEMARK_UNSUPPORTED_RUNTIME', ['Bun 1']).message)
  const holds = (versions) => vm.runInNewContext(condition, { process: { versions } })
  const refused = (versions) => { try { checkRuntime(versions) } catch { return true } return false }
  for (const versions of [{ node: '16.20.2' }, { node: '26.3.0', bun: '1.4.5' }, { node: '26.3.0', deno: '2.9.6' }, { node: '18.0.0' }, process.versions]) {
    assert.equal(holds(versions), !refused(versions))
  }
})

describe('a binary that cannot be loaded', () => {
  const all = (...messages) => new AggregateError(messages.map((message) => new Error(message)))
  const told = (...messages) => createError('ERR_TIDEMARK_BINDING_MISSING', ['linux-x64', ...whyNot(all(...messages,
    "Cannot find module 'tidemark-linux-x64-gnu'\nRequire stack:\n- a", "Cannot find module './tidemark.linux-x64-musl.node'\nRequire stack:\n- a"), 'linux-x64')]).message

  test('is told as missing where it is missing, with what is published', () => {
    assert.match(told("Cannot find module './tidemark.linux-x64-gnu.node'"),
      /^No tidemark binary for linux-x64 .* Tried: Cannot find module '\.\/tidemark\.linux-x64-gnu\.node'; Cannot find module 'tidemark-linux-x64-gnu'; Cannot find module '\.\/tidemark\.linux-x64-musl\.node'$/)
  })

  test('is looked for under the name of every package that is published', () => {
    const text = readFileSync(path.join(__dirname, '..', 'binding.js'), 'utf8')
    for (const name of readdirSync(path.join(__dirname, '..', 'npm'))) {
      for (const wanted of [`tidemark-${name}`, `./tidemark.${name}.node`]) assert.ok(text.includes(`try { return require('${wanted}') }`), wanted)
    }
  })

  test('is not to be reinstalled where there is none', () => {
    const platforms = new Set(require('../package.json').napi.targets.map((target) => {
      const [cpu, , system] = target.split('-')
      return `${{ linux: 'linux', darwin: 'darwin', windows: 'win32' }[system]}-${{ x86_64: 'x64', aarch64: 'arm64' }[cpu]}`
    }))
    assert.deepEqual(new Set(PUBLISHED), platforms)
    const message = createError('ERR_TIDEMARK_BINDING_MISSING', ['freebsd-x64', ...whyNot(all(), 'freebsd-x64')]).message
    assert.match(message, /^There is no tidemark binary for freebsd-x64: it is published for linux-x64, .*Guard the require/)
    assert.doesNotMatch(message, /[Rr]einstall/)
  })

  for (const [cause, remedy] of [
    ['Cannot load native addon because loading addons is disabled.', /--allow-addons/],
    ["/lib64/libc.so.6: version `GLIBC_2.34' not found (required by /app/tidemark.linux-x64-gnu.node)", /newer C library/],
    ['/app/tidemark.linux-x64-gnu.node: invalid ELF header', /another system/],
    ['/app/tidemark.linux-x64-gnu.node: failed to map segment from shared object', /noexec/],
    ['Access to this API has been restricted. Use --allow-fs-read to manage permissions.', /`--allow-fs-read`/],
    ['Module did not self-register', /Reinstall/]
  ]) {
    test(`leads with what hinders it: ${cause}`, () => {
      const message = told(cause)
      assert.ok(message.startsWith(`The tidemark binary for linux-x64 cannot be loaded: ${cause.replace(/\.$/, '')}. `), message)
      assert.match(message, remedy)
      assert.doesNotMatch(message, /optional|\.\./)
    })
  }
})
