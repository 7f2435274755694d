'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { mkdtempSync, readdirSync, rmSync, statSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, beforeEach, describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { PATIENT, assertEndedByV8, assertSnapshot, assertTold, fill, noFork, told } = require('./helpers/near-limit')
const { reachLimit } = require('../scripts/near-limit')

let root
let folder
let count = 0

before(() => { root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-limit-')) })
after(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => { folder = mkdtempSync(path.join(root, `${count++}-`)) })

describe('at the heap\'s limit', { skip: noFork }, () => {
  test('there is a whole file or a reason, and then V8\'s own end', PATIENT, async () => {
    const { end, wrong } = await reachLimit({ binary: process.execPath, shape: 'objects', heapMb: 24, options: { nearHeapLimitTimeoutMs: 60000 }, deadlineMs: 150000 })
    assert.deepEqual(wrong, [])
    assert.match(end, /^(file|reason: .+)$/)
  })

  test('without tidemark it is V8\'s own end, too', PATIENT, async () => {
    assert.deepEqual((await reachLimit({ binary: process.execPath, shape: 'objects', heapMb: 24 })).end, 'V8\'s own')
  })
})

describe('the option `snapshotNearHeapLimit`', { skip: noFork }, () => {
  test('writes a redacted snapshot of a process that reaches its heap limit, which then ends as V8 has it', PATIENT, async () => {
    const ended = await fill(folder, 'steps')
    assertEndedByV8(ended)
    const file = assertSnapshot(folder, ended)
    // The event loop may have heard of it before V8 asked again.
    if (!told(ended).some(({ path }) => path === file)) assertTold(ended, file)
  })

  test('lets a process live that gives its memory back, tells it, and gives the limit back', PATIENT, async () => {
    const ended = await fill(folder, 'relief')
    assert.equal(ended.code, 0, ended.stderr)
    assert.equal(ended.stderr, '')
    const [taken, { restored }] = told(ended)
    assert.equal(taken.path, assertSnapshot(folder, ended))
    assert.equal(taken.bytes, statSync(taken.path).size)
    assert.equal(restored, true)
  })

  test('says beforehand that there is too little memory, and then does nothing', PATIENT, async () => {
    const ended = await fill(folder, 'steps', { options: { memoryLimit: 120 * 1048576 } })
    assert.match(ended.stderr, /JavaScript heap out of memory/)
    assert.match(ended.stderr, /\ntidemark: there is no snapshot of the heap at its limit: it would need about [\d.]+ \w?B and [\d.]+ (?:\w?B|bytes) are left below `memoryLimit`\n/)
    assert.deepEqual(readdirSync(folder), [])
    const [{ problems: [problem] }] = told(ended)
    assert.match(problem, /would be refused now: .* needs at least \d+ MB, and [\d.]+ \w+ are left below `memoryLimit`/)
  })

  test('says that it can do nothing once the process has changed its user', { skip: process.geteuid?.() !== 0 && 'wants to be root' }, async () => {
    const { json } = await fill(folder, 'problems', { env: { SET_USER: '65534' } })
    assert.match(json.problems.join(), /`snapshotNearHeapLimit` would do nothing now: .*setuid/)
  })

  test('leaves it to Node.js where its own option is on', async () => {
    for (const given of [{ nodeArgs: ['--heapsnapshot-near-heap-limit=1'] }, { env: { NODE_OPTIONS: '--heapsnapshot-near-heap-limit=1' } }]) {
      const { json } = await fill(folder, 'problems', given)
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
