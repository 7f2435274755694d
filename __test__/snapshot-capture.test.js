'use strict'

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } = require('node:fs')
const { statfs } = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { after, before, beforeEach, describe, test } = require('node:test')
const tidemark = require('..')
const { forkObstacle } = require('../lib/snapshot/fork')
const { result, run } = require('./helpers/child')

const DEADLINE_MS = 360000
const PROGRAM = path.join(__dirname, 'programs', 'snapshot-scenarios.js')

const obstacle = forkObstacle(require('../lib/binding').loadBinding(), {})
const skip = obstacle === undefined ? false : obstacle.message

const notRoot = process.geteuid?.() !== 0 && 'wants to be root'

let root
let folder
let count = 0

before(() => { root = mkdtempSync(path.join(os.tmpdir(), 'tidemark-snapshot-')) })
after(() => rmSync(root, { recursive: true, force: true }))
beforeEach(() => { folder = mkdtempSync(path.join(root, `${count++}-`)) })

function scenario (name, ...args) {
  return result(PROGRAM, { args: [name, folder, ...args], deadlineMs: DEADLINE_MS })
}

/** It is ended at once, and the kernel takes its time to free its memory. */
async function gone (child) {
  while (existsSync(`/proc/${child}`)) await new Promise((resolve) => setTimeout(resolve, 10))
}

function refusal (reason) {
  return { name: 'TidemarkError', code: 'ERR_TIDEMARK_SNAPSHOT_REFUSED', reason }
}

for (const [method, skipped] of [['fork', skip], ['in-process', false]]) {
  describe(`a snapshot by method '${method}'`, { skip: skipped }, () => {
    test('is whole, holds every object, only its owner may read it, and nothing is printed', async () => {
      const { code, stdout, stderr, json: told } = await run(PROGRAM, { args: ['whole', folder, method], deadlineMs: DEADLINE_MS })
      assert.equal(code, 0, stderr)
      assert.equal(stderr, '')
      assert.equal(stdout.trim().split('\n').length, 1)
      assert.deepEqual(told.problems, [])
      assert.equal(told.marked, told.expected)
      assert.equal(told.result.method, method)
      assert.equal(told.result.path, path.join(folder, 'one.heapsnapshot'))
      assert.equal(told.result.bytes, told.bytes)
      assert.ok(told.result.pauseMs > 0 && told.result.pauseMs <= told.result.durationMs)
      assert.equal(told.mode, 0o600)
      assert.deepEqual(told.files, ['one.heapsnapshot'])
      if (method === 'fork') assert.ok(told.ticks >= 10, `the process went on for ${told.ticks} ms meanwhile`)
    })

    test('tells a callback as node-heapdump does, and makes up a name', async () => {
      const { named, unnamed, failed, files } = await scenario('callback', method)
      assert.deepEqual(named.slice(0, 2), [null, path.join(folder, 'one.heapsnapshot')])
      assert.match(path.basename(unnamed[1]), /^heapdump-\d+\.\d+\.heapsnapshot$/)
      assert.equal(unnamed[3], 'undefined')
      assert.equal(failed, 'ERR_TIDEMARK_SNAPSHOT_REFUSED')
      assert.deepEqual(files, [path.basename(unnamed[1]), 'one.heapsnapshot'].sort())
    })
  })
}

describe('a capture by fork', { skip }, () => {
  test('is of the main thread only, and a worker may ask for the other way', async () => {
    const { fork, inProcess, problems } = await scenario('worker')
    assert.equal(fork.refused, 'worker-thread')
    assert.equal(inProcess, 'in-process')
    assert.deepEqual(problems, [])
  })

  test('is refused while another one goes on', async () => {
    const { method, second, third, files } = await scenario('concurrent')
    assert.equal(method, 'fork')
    assert.deepEqual([second.code, second.reason], ['ERR_TIDEMARK_SNAPSHOT_REFUSED', 'busy'])
    assert.equal(third.method, 'fork')
    assert.deepEqual(files, ['one.heapsnapshot', 'one.heapsnapshot3'])
  })

  test('that is aborted leaves no file and no child, and the next one works', async () => {
    const { aborted, before, again, files, childIsGone, spawned } = await scenario('abort')
    assert.equal(aborted.message, 'enough')
    assert.equal(before.message, 'enough')
    assert.equal(again.method, 'fork')
    assert.deepEqual(files, [])
    assert.equal(childIsGone, true)
    assert.equal(spawned, 7)
  })

  test('that takes too long leaves no file', async () => {
    const { told, files } = await scenario('timeout')
    assert.deepEqual([told.code, told.reason], ['ERR_TIDEMARK_SNAPSHOT_FAILED', 'timeout'])
    assert.deepEqual(files, [])
  })

  test('whose child is killed says so and leaves no file', async () => {
    const { told, files } = await scenario('signalled', 'SIGKILL')
    assert.deepEqual([told.code, told.reason], ['ERR_TIDEMARK_SNAPSHOT_FAILED', 'killed'])
    assert.match(told.message, /SIGKILL/)
    assert.deepEqual(files, [])
  })

  test('that meets a limit of file size says so and leaves no file', async () => {
    const output = execFileSync('sh', ['-c', 'ulimit -f 100; exec "$0" "$@"', process.execPath, PROGRAM, 'signalled', folder, 'SIGCONT'], { encoding: 'utf8', timeout: DEADLINE_MS })
    const { told, files } = JSON.parse(output)
    assert.equal(told.code, 'ERR_TIDEMARK_SNAPSHOT_FAILED')
    assert.match(told.message, /SIGXFSZ/)
    assert.deepEqual(files, [])
  })

  test('ends with its process, and the next one removes what was left', async () => {
    const killed = await run(PROGRAM, { args: ['orphan', folder], deadlineMs: DEADLINE_MS })
    assert.equal(killed.signal, 'SIGKILL')
    // Where the file system knows files without a name, there is none.
    assert.deepEqual(killed.json.files.filter((name) => !/^\.tidemark-.*\.tmp$/.test(name)), [])
    await gone(killed.json.child)
    await scenario('whole', 'fork')
    assert.deepEqual(readdirSync(folder), ['one.heapsnapshot'])
  })

  for (const when of ['parking', 'writing']) {
    test(`does not keep process.exit() from ending the process while ${when}, nor leaves a file`, async () => {
      const { code, json, stderr } = await run(PROGRAM, { args: ['exit', folder, when], deadlineMs: DEADLINE_MS })
      assert.equal(code, 3, stderr)
      await gone(json.child)
      assert.deepEqual(readdirSync(folder), [])
    })
  }

  test('that need not be finished lets the process end, but not while V8\'s workers are parked', async () => {
    const { calls } = await scenario('ends by itself')
    assert.equal(calls.at(-1), 'fork', calls.join())
    assert.deepEqual(readdirSync(folder), [])
  })

  test('keeps the process alive until the file is whole', async () => {
    assert.deepEqual((await scenario('alone')).problems, [])
  })

  test('leaves files, forks and children as they were, and SIGCHLD is seen', async () => {
    const { before, after, childEnds, spawned } = await scenario('after')
    assert.equal(after.files, before.files)
    // Marked pages come and go with the heap, so not to the byte.
    assert.ok(after.marked > before.marked / 2, `${before.marked} -> ${after.marked} bytes are kept out of forks`)
    assert.ok(childEnds >= 1)
    assert.equal(spawned, 7)
  })

  test('holds none of the process\'s sockets, nor any file but its own and those that tell what memory is left, and shares no memory but the page that tells how far it is', async () => {
    // With it libuv shares memory with the kernel, where that has io_uring.
    const { json } = await run(PROGRAM, { args: ['socket', folder], env: { UV_USE_IO_URING: '1' }, deadlineMs: DEADLINE_MS })
    const { closedBeforeTheEnd, files, shared, told } = json
    assert.equal(told.method, 'fork')
    assert.equal(closedBeforeTheEnd, true)
    const rest = files.filter((name) => !name.startsWith(folder) && !/^\/sys\/fs\/cgroup\/.*memory\.\w+$|^\/proc\/meminfo$/.test(name))
    assert.deepEqual(rest, ['/dev/null'])
    assert.equal(shared.length, 1, shared.join('\n'))
  })

  test('of a process that has changed its user is refused beforehand, with that reason', { skip: notRoot }, async () => {
    const { native, told, files } = await scenario('changed user')
    assert.match(native, /has changed its user/)
    assert.deepEqual([told.code, told.reason], ['ERR_TIDEMARK_SNAPSHOT_REFUSED', 'unsupported'])
    assert.match(told.message, /setuid/)
    assert.deepEqual(files, [])
  })
})

describe('a snapshot is refused', () => {
  test('when less memory is left than it needs, with the two numbers', async () => {
    const memoryLimit = process.memoryUsage.rss() + 10 * 1048576
    for (const method of ['in-process', 'auto']) {
      await assert.rejects(tidemark.writeHeapSnapshot(path.join(folder, 'x'), { method, memoryLimit }), (error) => {
        assert.deepEqual([error.code, error.reason], ['ERR_TIDEMARK_SNAPSHOT_REFUSED', 'memory'])
        assert.ok(error.need > error.available)
        assert.match(error.message, /\d MB .* [\d.]+ \w+ are left below `memoryLimit`/)
        return true
      })
    }
    assert.deepEqual(readdirSync(folder), [])
  })

  test('when the path is a folder, or lies in none', async () => {
    const method = 'in-process'
    await assert.rejects(tidemark.writeHeapSnapshot(folder, { method }), refusal('path'))
    await assert.rejects(tidemark.writeHeapSnapshot(path.join(folder, 'no', 'x'), { method }), refusal('path'))
    writeFileSync(path.join(folder, 'file'), '')
    await assert.rejects(tidemark.writeHeapSnapshot(path.join(folder, 'file', 'x'), { method }), refusal('path'))
  })

  test('when the path is no regular file', { skip: process.platform === 'win32' }, async () => {
    await assert.rejects(tidemark.writeHeapSnapshot('/dev/null', { method: 'in-process' }), refusal('path'))
    const pipe = path.join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    await assert.rejects(tidemark.writeHeapSnapshot(pipe, { method: 'in-process' }), refusal('path'))
  })

  test('when the folder cannot be written to', { skip: process.getuid?.() === 0 && 'root may write everywhere' }, async () => {
    chmodSync(folder, 0o500)
    await assert.rejects(tidemark.writeHeapSnapshot(path.join(folder, 'x'), { method: 'in-process' }), refusal('path'))
  })

  test('when the disk has less room than the file needs', { skip: (process.platform !== 'linux' || !statfs) && 'no statfs' }, async () => {
    // A file system without any room.
    await assert.rejects(tidemark.writeHeapSnapshot('/proc/x.heapsnapshot', { method: 'in-process' }), (error) => {
      assert.deepEqual([error.code, error.reason, error.available], ['ERR_TIDEMARK_SNAPSHOT_REFUSED', 'disk', 0])
      assert.ok(error.need > 1e6)
      return true
    })
  })

  test('when an option is wrong, by a rejection, or at once where a callback waits', async () => {
    for (const [args, code] of [
      [['x', { method: 'magic' }], 'ERR_TIDEMARK_OPTION'],
      [['x', { timeoutMs: 0 }], 'ERR_TIDEMARK_OPTION'],
      [['x', { signal: {} }], 'ERR_TIDEMARK_OPTION'],
      [['x', { methd: 'fork' }], 'ERR_TIDEMARK_UNKNOWN_OPTION'],
      [['', {}], 'ERR_TIDEMARK_OPTION'],
      [['x', {}, 'callback'], 'ERR_TIDEMARK_OPTION']
    ]) {
      await assert.rejects(tidemark.writeHeapSnapshot(...args), { code })
    }
    assert.throws(() => tidemark.writeHeapSnapshot('x', { method: 'magic' }, () => {}), { code: 'ERR_TIDEMARK_OPTION' })
  })
})

test('a snapshot replaces what was there, and a link stays a link', { skip: process.platform === 'win32' }, async () => {
  assert.deepEqual(await scenario('replaced'), { written: true, isLink: true, mode: 0o600, problems: [] })
})

test('what a dead process left is removed, and what a live one writes is not', async () => {
  const host = os.hostname().replaceAll(/[^\w]/g, '_').slice(0, 64)
  const names = {
    dead: `.tidemark-${host}-999999999-0.heapsnapshot.tmp`,
    alive: `.tidemark-${host}-${process.pid}-0.heapsnapshot.tmp`,
    elsewhere: '.tidemark-another_host-999999999-0.heapsnapshot.tmp',
    forgotten: '.tidemark-another_host-1-0.heapsnapshot.tmp'
  }
  for (const name of Object.values(names)) writeFileSync(path.join(folder, name), '')
  utimesSync(path.join(folder, names.forgotten), 1e9, 1e9)
  await scenario('whole', 'in-process')
  assert.deepEqual(readdirSync(folder).sort(), [names.alive, names.elsewhere, 'one.heapsnapshot'].sort())
})
