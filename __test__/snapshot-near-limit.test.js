'use strict'

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { once } = require('node:events')
const { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, beforeEach, describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const binding = require('../lib/binding').loadBinding()
const { forkObstacle } = require('../lib/snapshot/fork')
const { run } = require('./helpers/child')
const { wasmOf } = require('./helpers/wasm')
const { SHAPES, reachLimit } = require('../scripts/near-limit')
const { countNodes, problemsOf } = require('./helpers/snapshot')

const noFork = forkObstacle(binding, {})?.message ?? false

const PROGRAM = path.join(__dirname, 'programs', 'near-heap-limit.js')

/** Old space: little, since every test fills it and reads the whole of its file. With 16 a process that wanted to live died once. */
const HEAP_MB = 32

/** Enough for a child on a machine that is busy with other tests. */
const TIMEOUT_MS = 120000

/** Root may do what other users may not. */
const isRoot = process.geteuid?.() === 0
const nobody = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
const noOtherUser = isRoot && spawnSync(nobody[0], [...nobody.slice(1), process.execPath, '--version']).status !== 0 && 'cannot become another user here'

let root
let folder
let count = 0

before(() => { root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-limit-')) })
after(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => { folder = mkdtempSync(path.join(root, `${count++}-`)) })

const fill = (way, { folder: current = folder, options = {}, nodeArgs = [], env } = {}) =>
  run('near-heap-limit.js', { args: [current, way, JSON.stringify({ nearHeapLimitTimeoutMs: TIMEOUT_MS, ...options })], nodeArgs: [`--max-old-space-size=${HEAP_MB}`, ...nodeArgs], env, deadlineMs: 170000 })

const told = ({ stdout }) => stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line))

/** The one file, which holds the accounts and not what they say. */
function assertSnapshot ({ stderr }) {
  const names = readdirSync(folder)
  assert.equal(names.length, 1, names.join() || stderr)
  assert.match(names[0], /^heapdump-\d+\.\d+\.heapsnapshot$/)
  const file = path.join(folder, names[0])
  assert.deepEqual(problemsOf(file), [])
  assert.ok(countNodes(file, 'object', 'Account') > 20000)
  assert.doesNotMatch(readFileSync(file, 'utf8'), /secret-\d/)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  return file
}

function assertEndedByV8 ({ code, signal, stderr }) {
  assert.match(stderr, /JavaScript heap out of memory/)
  assert.ok(signal === 'SIGABRT' || code !== 0)
}

function assertTold ({ stderr }, file) {
  assert.ok(stderr.includes(`\ntidemark: the snapshot of the heap at its limit is ${file}\n`), stderr)
}

describe('at the heap\'s limit', { skip: noFork }, () => {
  for (const shape of SHAPES) {
    test(`there is a whole file or a reason, and then V8's own end: ${shape}`, { timeout: 180000 }, async () => {
      const { end, wrong } = await reachLimit({ binary: process.execPath, shape, heapMb: 24, options: { nearHeapLimitTimeoutMs: 60000 }, deadlineMs: 150000 })
      assert.deepEqual(wrong, [])
      assert.match(end, /^(file|reason: .+)$/)
    })
  }

  test('no more than the time that was allowed is spent, and the reason says so', { timeout: 180000 }, async () => {
    const { end, wrong } = await reachLimit({ binary: process.execPath, shape: 'objects', heapMb: 120, options: { nearHeapLimitTimeoutMs: 1000 }, deadlineMs: 150000 })
    assert.deepEqual(wrong, [])
    assert.match(end, /^reason: .*`nearHeapLimitTimeoutMs`/)
  })

  test('without tidemark it is V8\'s own end, too', { timeout: 180000 }, async () => {
    assert.deepEqual((await reachLimit({ binary: process.execPath, shape: 'objects', heapMb: 24 })).end, 'V8\'s own')
  })
})

describe('the option `snapshotNearHeapLimit`', { skip: noFork }, () => {
  test('writes a redacted snapshot of a process that reaches its heap limit, which then ends as V8 has it', { timeout: 180000 }, async () => {
    const ended = await fill('steps')
    assertEndedByV8(ended)
    const file = assertSnapshot(ended)
    // The event loop may have heard of it before V8 asked again.
    if (!told(ended).some(({ path }) => path === file)) assertTold(ended, file)
  })

  test('writes one of a process that never comes back to the event loop, into the folder that was named', { timeout: 180000 }, async () => {
    const parent = folder
    folder = path.join(parent, 'named')
    mkdirSync(folder)
    const ended = await fill('loop', { folder: parent, options: { snapshotFolder: 'named' } })
    assertEndedByV8(ended)
    assertTold(ended, assertSnapshot(ended))
    assert.deepEqual(readdirSync(parent), ['named'])
  })

  // One of V8's workers may even wait for the main thread, which waits for it to park: seen on Node.js 26, once in 50.
  test('writes one where V8\'s workers have something else to do at that moment', { timeout: 180000 }, async () => {
    const wasm = path.join(root, 'busy.wasm')
    writeFileSync(wasm, wasmOf({ functions: 10000 }))
    const nodeArgs = ['--no-liftoff', '--no-wasm-lazy-compilation', '--no-wasm-dynamic-tiering']
    const ended = await fill('busy', { nodeArgs, env: { WASM: wasm } })
    assertEndedByV8(ended)
    assertSnapshot(ended)
  })

  test('lets a process live that gives its memory back, tells it, and gives the limit back', { timeout: 180000 }, async () => {
    const ended = await fill('relief')
    assert.equal(ended.code, 0, ended.stderr)
    assert.equal(ended.stderr, '')
    const [taken, { restored }] = told(ended)
    assert.equal(taken.path, assertSnapshot(ended))
    assert.equal(taken.bytes, statSync(taken.path).size)
    assert.equal(restored, true)
  })

  test('says beforehand that there is too little memory, and then does nothing', { timeout: 180000 }, async () => {
    const ended = await fill('steps', { options: { memoryLimit: 120 * 1048576 } })
    assert.match(ended.stderr, /JavaScript heap out of memory/)
    assert.match(ended.stderr, /\ntidemark: there is no snapshot of the heap at its limit: it would need about [\d.]+ \w?B and [\d.]+ (?:\w?B|bytes) are left below `memoryLimit`\n/)
    assert.deepEqual(readdirSync(folder), [])
    const [{ problems: [problem] }] = told(ended)
    assert.match(problem, /would be refused now: .* needs at least \d+ MB, and [\d.]+ \w+ are left below `memoryLimit`/)
  })

  test('writes one where the process may not raise its own limits (ulimit -d)', { timeout: 180000, skip: noOtherUser }, () => {
    chmodSync(root, 0o755)
    chmodSync(folder, 0o777)
    const command = [...nobody, 'sh', '-c', 'ulimit -d 2000000; exec "$@"', 'sh', process.execPath, `--max-old-space-size=${HEAP_MB}`, PROGRAM, folder, 'steps', JSON.stringify({ nearHeapLimitTimeoutMs: TIMEOUT_MS })]
    const ended = spawnSync(command[0], command.slice(1), { encoding: 'utf8', timeout: 170000 })
    assert.match(ended.stderr, /JavaScript heap out of memory/, ended.stdout)
    assertSnapshot(ended)
  })

  test('says that it can do nothing once the process has changed its user', { skip: !isRoot && 'wants to be root' }, async () => {
    const { json } = await fill('problems', { env: { SET_USER: '65534' } })
    assert.match(json.problems.join(), /`snapshotNearHeapLimit` would do nothing now: .*setuid/)
  })

  test('leaves it to Node.js where its own option is on', async () => {
    for (const given of [{ nodeArgs: ['--heapsnapshot-near-heap-limit=1'] }, { env: { NODE_OPTIONS: '--heapsnapshot-near-heap-limit=1' } }]) {
      const { json } = await fill('problems', given)
      assert.match(json.problems.join(), /`snapshotNearHeapLimit` does nothing: Node.js's own/)
    }
  })
})

test('in a worker thread it says that only the main thread can be captured', async () => {
  const worker = new Worker(`
    const tidemark = require(${JSON.stringify(path.join(__dirname, '..'))}).start({ snapshotNearHeapLimit: true, evidence: [] })
    require('node:worker_threads').parentPort.postMessage(tidemark.status().problems)
    tidemark.stop()
  `, { eval: true })
  const [problems] = await once(worker, 'message')
  assert.deepEqual(problems, ['`snapshotNearHeapLimit` does nothing in a worker thread: only the main thread can be captured.'])
  await worker.terminate()
})
