'use strict'

// What a process may be doing, or be forbidden, when it reaches its heap limit. That a file is written at all: snapshot-near-limit.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, beforeEach, describe, test } = require('node:test')
const { HEAP_MB, PATIENT, PROGRAM, argumentsOf, assertEndedByV8, assertSnapshot, assertTold, fill, noFork } = require('./helpers/near-limit')
const { wasmOf } = require('./helpers/wasm')
const { SHAPES, reachLimit } = require('../scripts/near-limit')

/** Root may do what other users may not. */
const nobody = process.geteuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
const noOtherUser = nobody.length > 0 && spawnSync(nobody[0], [...nobody.slice(1), process.execPath, '--version']).status !== 0 && 'cannot become another user here'

let root
let folder
let count = 0

before(() => { root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-limit-')) })
after(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => { folder = mkdtempSync(path.join(root, `${count++}-`)) })

describe('at the heap\'s limit', { skip: noFork }, () => {
  for (const shape of SHAPES.filter((name) => name !== 'objects')) {
    test(`there is a whole file or a reason, and then V8's own end: ${shape}`, PATIENT, async () => {
      const { end, wrong } = await reachLimit({ binary: process.execPath, shape, heapMb: 24, options: { nearHeapLimitTimeoutMs: 60000 }, deadlineMs: 150000 })
      assert.deepEqual(wrong, [])
      assert.match(end, /^(file|reason: .+)$/)
    })
  }

  test('no more than the time that was allowed is spent, and the reason says so', PATIENT, async () => {
    const { end, wrong } = await reachLimit({ binary: process.execPath, shape: 'objects', heapMb: 120, options: { nearHeapLimitTimeoutMs: 1000 }, deadlineMs: 150000 })
    assert.deepEqual(wrong, [])
    assert.match(end, /^reason: .*`nearHeapLimitTimeoutMs`/)
  })
})

describe('the option `snapshotNearHeapLimit`', { skip: noFork }, () => {
  test('writes one of a process that never comes back to the event loop, into the folder that was named', PATIENT, async () => {
    const parent = folder
    folder = path.join(parent, 'named')
    mkdirSync(folder)
    const ended = await fill(parent, 'loop', { options: { snapshotFolder: 'named' } })
    assertEndedByV8(ended)
    assertTold(ended, assertSnapshot(folder, ended))
    assert.deepEqual(readdirSync(parent), ['named'])
  })

  // One of V8's workers may even wait for the main thread, which waits for it to park: seen on Node.js 26, once in 50.
  test('writes one where V8\'s workers have something else to do at that moment', PATIENT, async () => {
    const wasm = path.join(root, 'busy.wasm')
    writeFileSync(wasm, wasmOf({ functions: 10000 }))
    const nodeArgs = ['--no-liftoff', '--no-wasm-lazy-compilation', '--no-wasm-dynamic-tiering']
    const ended = await fill(folder, 'busy', { nodeArgs, env: { WASM: wasm } })
    assertEndedByV8(ended)
    assertSnapshot(folder, ended)
  })

  test('writes one where the process may not raise its own limits (ulimit -d)', { ...PATIENT, skip: noOtherUser }, () => {
    chmodSync(root, 0o755)
    chmodSync(folder, 0o777)
    const command = [...nobody, 'sh', '-c', 'ulimit -d 2000000; exec "$@"', 'sh', process.execPath, `--max-old-space-size=${HEAP_MB}`, PROGRAM, ...argumentsOf(folder, 'steps')]
    const ended = spawnSync(command[0], command.slice(1), { encoding: 'utf8', timeout: 170000 })
    assert.match(ended.stderr, /JavaScript heap out of memory/, ended.stdout)
    assertSnapshot(folder, ended)
  })
})
