'use strict'

// Captures by fork of processes that are in the middle of something, and children that hang. How a capture is asked for, and
// how it ends: snapshot-capture. All situations, many times: scripts/capture-conditions.js.

const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const { chmodSync, mkdtempSync, rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, beforeEach, describe, test } = require('node:test')
const { forkObstacle } = require('../lib/snapshot/fork')
const { result } = require('./helpers/child')
const { problemsOf } = require('./helpers/snapshot')

const DEADLINE_MS = 360000
const PROGRAM = path.join(__dirname, 'programs', 'snapshot-scenarios.js')

const skip = forkObstacle(require('../lib/binding').loadBinding(), {})?.message ?? false

/** In a /proc that shows each user only what may be looked into. */
const HIDING = ['unshare', '--mount', '--pid', '--mount-proc', '--fork', '--kill-child', 'sh', '-c', 'mount -o remount,hidepid=2 /proc && exec "$@"', 'sh',
  'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']

let root
let folder
let count = 0

before(() => { root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-snapshot-')) })
after(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => { folder = mkdtempSync(path.join(root, `${count++}-`)) })

function scenario (name, ...args) {
  return result(PROGRAM, { args: [name, folder, ...args], deadlineMs: DEADLINE_MS })
}

function noHiding () {
  const { status, stderr } = spawnSync(HIDING[0], [...HIDING.slice(1), process.execPath, '--version'], { encoding: 'utf8' })
  return status !== 0 && `no such /proc can be had here: ${stderr}`
}

describe('a capture by fork', { skip }, () => {
  test('whose child hangs is tried again', async () => {
    const { told, files, childIsGone } = await scenario('signalled', 'SIGSTOP')
    assert.equal(told.method, 'fork')
    // Twice, or once more where a busy machine gives the second child no processor for seconds.
    assert.ok(told.attempts >= 2, `${told.attempts} attempts`)
    assert.deepEqual(files, ['one.heapsnapshot'])
    assert.equal(childIsGone, true)
  })

  test('whose child hangs is tried again where /proc shows it to nobody (hidepid)', { skip: noHiding() }, () => {
    chmodSync(root, 0o755)
    chmodSync(folder, 0o777)
    const output = execFileSync(HIDING[0], [...HIDING.slice(1), process.execPath, PROGRAM, 'signalled', folder, 'SIGSTOP', '600'], { encoding: 'utf8', timeout: DEADLINE_MS })
    const { told, files } = JSON.parse(output)
    assert.equal(told.method, 'fork', told.message)
    assert.ok(told.attempts >= 2, `${told.attempts} attempts`)
    assert.deepEqual(files, ['one.heapsnapshot'])
  })

  for (const [what, situation, nodeArgs] of [
    ['without worker threads of V8', 'allocating', ['--v8-pool-size=0']],
    ['with a debugger in the process', 'inspector session', []],
    ['with a debugger attached', 'inspector client', ['--inspect=0']],
    ['that compiles WebAssembly', 'wasm', []],
    ['that starts and ends workers', 'worker churn', []],
    ['with workers that sleep on shared memory', 'shared memory', []]
  ]) {
    test(`of a process ${what} is whole and harms nobody`, async () => {
      const told = await result('snapshot-conditions.js', { args: [situation, folder, '1'], nodeArgs, deadlineMs: DEADLINE_MS })
      assert.deepEqual({ refused: told.refused, failed: told.failed, harm: told.harm }, { refused: {}, failed: {}, harm: [] })
      assert.deepEqual(problemsOf(path.join(folder, '0.heapsnapshot')), [])
    })
  }

  test('of a process that maps a file whose path is no UTF-8 is whole', async () => {
    const { mapped, told, problems } = await scenario('odd path')
    assert.equal(mapped, true)
    assert.equal(told.method, 'fork', told.message)
    assert.deepEqual(problems, [])
  })

  test('leaks neither files nor listeners', async () => {
    const { before, after, listeners, problems } = await scenario('repeated')
    assert.ok(after <= before + 1, `${before} -> ${after} files`)
    assert.equal(listeners, 0)
    assert.deepEqual(problems, [])
  })
})
