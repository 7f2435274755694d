'use strict'

const assert = require('node:assert/strict')
const { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, beforeEach, describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { once } = require('node:events')
const tidemark = require('..')
const binding = require('../lib/binding').loadBinding()
const { readOptions, FREE_SIGNALS } = require('../lib/options')
const { writeHeapSnapshot } = require('../lib/snapshot')
const { forkObstacle } = require('../lib/snapshot/fork')
const { SnapshotOnSignal } = require('../lib/snapshot/on-signal')
const { restarter } = require('../lib/snapshot/restarter')
const { run } = require('./helpers/child')
const { countNodes, problemsOf } = require('./helpers/snapshot')

const noFork = forkObstacle(binding, {})?.message ?? false
const noSignals = process.platform === 'win32' && 'no signals'

let root
let folder
let count = 0

before(() => { root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-signal-')) })
after(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => { folder = mkdtempSync(path.join(root, `${count++}-`)) })

class Account {
  constructor (id) {
    this.password = Buffer.from(`hunter-${id}`).toString()
  }
}

for (const [method, skip] of [['fork', noFork], ['in-process', false]]) {
  describe(`a redacted snapshot by method '${method}'`, { skip }, () => {
    test('holds everything but what the strings say', async () => {
      const accounts = Array.from({ length: 500 }, (_, id) => new Account(id))
      const file = path.join(folder, 'redacted.heapsnapshot')
      const result = await tidemark.writeHeapSnapshot(file, { method, redact: true })
      assert.deepEqual(readdirSync(folder), ['redacted.heapsnapshot'])
      assert.deepEqual(problemsOf(file), [])
      assert.equal(countNodes(file, 'object', 'Account'), accounts.length)
      assert.doesNotMatch(readFileSync(file, 'utf8'), /hunter-\d/)
      assert.equal(result.bytes, statSync(file).size)
      if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600)
      assert.ok((await tidemark.readHeapSnapshot(file)).nodeCount > accounts.length)
    })
  })
}

test('a snapshot in the process that cannot be redacted leaves nothing', async () => {
  class SnapshotRedactor extends binding.SnapshotRedactor {
    finish () {
      return { fault: 'ERR_TIDEMARK_SNAPSHOT_SYNTAX', message: 'Expected a comma' }
    }
  }
  const args = [path.join(folder, 'redacted.heapsnapshot'), { method: 'in-process', redact: true }]
  await assert.rejects(writeHeapSnapshot({ ...binding, SnapshotRedactor }, args), { code: 'ERR_TIDEMARK_SNAPSHOT_FAILED', reason: 'redact', message: /Expected a comma/ })
  assert.deepEqual(readdirSync(folder), [])
})

describe('the signal', { skip: noSignals }, () => {
  const hear = async (options, what, printed = /^$/) => {
    const ended = await run('snapshot-signal.js', { args: [folder, JSON.stringify(options), what] })
    assert.equal(ended.code, 0, ended.stderr)
    assert.match(ended.stderr, printed)
    return ended.json
  }

  test('writes a redacted snapshot into the current folder, and stop() takes the listener away', { skip: noFork }, async () => {
    const { published: [{ path: file, method, bytes }], errors, listening, left, files } = await hear({ signal: 'SIGUSR2' })
    assert.deepEqual(errors, [])
    assert.equal(method, 'fork')
    assert.match(files.join(), /^heapdump-\d+\.\d+\.heapsnapshot$/)
    assert.equal(path.basename(file), files[0])
    assert.equal(statSync(path.join(folder, files[0])).size, bytes)
    assert.deepEqual(problemsOf(path.join(folder, files[0])), [])
    assert.doesNotMatch(readFileSync(path.join(folder, files[0]), 'utf8'), /secret-\d/)
    assert.deepEqual({ listening, left }, { listening: 1, left: 0 })
  })

  test('writes into the folder that was named at the start', { skip: noFork }, async () => {
    mkdirSync(path.join(folder, 'named'))
    const { published: [{ path: file }], files } = await hear({ signal: 'SIGUSR2', snapshotFolder: 'named' })
    assert.deepEqual(files, ['named'])
    assert.deepEqual(readdirSync(path.join(folder, 'named')), [path.basename(file)])
  })

  const warning = /^\(node:\d+\) \[ERR_TIDEMARK_SNAPSHOT_REFUSED\].* No heap snapshot was taken: /
  for (const [what, heard, printed] of [['listens', ['memory'], /^$/], ['throws', ['memory'], warning], ['is not there', [], warning]]) {
    test(`tells a refusal as an 'error' and on the channel, also where the listener ${what}`, async () => {
      const told = await hear({ signal: 'SIGUSR2', memoryLimit: 1048576 }, heard.length === 0 ? 'deaf' : what, printed)
      assert.deepEqual([told.published.map(({ reason }) => reason), told.errors], [['memory'], heard])
      assert.deepEqual(told.files, [])
    })
  }

  test('does not keep the process alive', { skip: noFork }, async () => {
    const { published, files } = await hear({ signal: 'SIGUSR2' }, 'alone')
    assert.deepEqual({ published, files }, { published: [], files: [] })
  })

  test('is told to be of no use in a worker thread', async () => {
    const worker = new Worker(`
      const tidemark = require(${JSON.stringify(path.join(__dirname, '..'))})
      tidemark.start({ signal: 'SIGUSR2' })
      require('node:worker_threads').parentPort.postMessage(tidemark.status().problems)
      tidemark.stop()
    `, { eval: true })
    const [[problem]] = await once(worker, 'message')
    assert.match(problem, /`signal: 'SIGUSR2'` does nothing in a worker thread/)
  })
})

test('a signal that this system does not have is told to be of no use', { skip: noSignals }, () => {
  const missing = FREE_SIGNALS.find((name) => !(name in os.constants.signals))
  const onSignal = new SnapshotOnSignal(missing, binding, {}, () => {})
  onSignal.start()
  assert.match(onSignal.problems.join(), new RegExp(`\`signal: '${missing}'\` does nothing`))
  assert.equal(process.listenerCount(missing), 0)
  onSignal.stop()
})

test('the signal by which nodemon or node --watch restarts the app is left alone, and that is said', { skip: process.platform !== 'linux' && 'Linux only' }, async () => {
  const { stdout } = await run('nodemon.js')
  const { problems, listeners } = JSON.parse(stdout)
  assert.match(problems.join(), /^nodemon restarts the app by SIGUSR2: `signal: 'SIGUSR2'` does nothing\. Name another one/)
  assert.equal(listeners, 0)
  const by = (...commands) => restarter((pid) => commands.length === 0 ? undefined : { command: commands.shift(), parent: pid - 1 })
  assert.deepEqual(by('node --watch --watch-kill-signal=SIGUSR2 app.js '), { by: 'node --watch', signal: 'SIGUSR2' })
  assert.deepEqual(by('sh -c node app.js ', 'node /usr/bin/nodemon app.js '), { by: 'nodemon', signal: 'SIGUSR2' })
  for (const other of ['node --watch app.js ', 'node my-nodemon-like.js ', '']) assert.equal(by(other), undefined)
  assert.equal(by('sh ', 'sh ', 'nodemon app.js '), undefined, 'too far away')
})

test('a signal that means something else is refused', () => {
  for (const signal of ['SIGUSR1', 'SIGKILL', 'SIGSTOP', 'SIGTERM', 'SIGINT', 'SIGCHLD', 'SIGSEGV', 'SIGPROF', 'SIGNONE', 'toString', 12, true, {}]) {
    assert.throws(() => readOptions({ signal }), { code: 'ERR_TIDEMARK_OPTION', message: /one of 'SIGUSR2'/ })
  }
  assert.equal(readOptions({ signal: 'SIGUSR2' }).signal, 'SIGUSR2')
  assert.equal(readOptions().signal, undefined)
})
