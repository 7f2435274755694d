'use strict'

const assert = require('node:assert/strict')
const { mkdtempSync, readFileSync, readdirSync, rmSync, writeSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { writeHeapSnapshot } = require('../lib/snapshot')
const { folderProblems } = require('../lib/snapshot/folder')
const { checkMemory } = require('../lib/snapshot/guard')
const { kernelLimits } = require('../lib/snapshot/kernel-limits')
const { leastNeed, needOf, objectsFor, usualNeed } = require('../lib/snapshot/need')
const { unproved } = require('../lib/snapshot/proved')
const { nameFile } = require('../lib/binding').loadBinding()

const GB = 1024 ** 3

const BY_FORK = { forks: true, fileInMemory: false }
const IN_PROCESS = { forks: false, fileInMemory: false }

let folder

before(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-snapshot-parts-')) })
after(() => rmSync(folder, { recursive: true, force: true }))

describe('the guard', () => {
  const binding = (headroom) => ({ memoryHeadroom: () => headroom })

  test('takes the least of what group, machine and caller leave', () => {
    for (const [headroom, memoryLimit, where] of [
      [{ rss: GB, cgroup: 1e6, machine: GB }, undefined, 'control group'],
      [{ rss: GB, cgroup: GB, machine: 1e6 }, undefined, 'on the machine'],
      [{ rss: GB, machine: 64 * GB }, GB + 1e6, 'memoryLimit'],
      [{ rss: GB, machine: 64 * GB }, 1e6, 'memoryLimit']
    ]) {
      assert.throws(() => checkMemory(binding(headroom), { memoryLimit }, IN_PROCESS), (error) => {
        assert.equal(error.reason, 'memory')
        assert.ok(error.available <= 1e6 && error.need > error.available)
        return error.message.includes(where)
      })
    }
  })

  test('lets pass what fits, what nobody limits, and what is forced', () => {
    assert.ok(checkMemory(binding({ rss: GB, cgroup: 64 * GB, machine: 64 * GB }), {}, IN_PROCESS).need > 0)
    assert.equal(checkMemory(binding({}), {}, IN_PROCESS).available, Infinity)
    assert.equal(checkMemory(binding({ machine: 1 }), { force: true }, IN_PROCESS).available, 1)
  })

  test('wants the file\'s size besides, where the file takes memory', () => {
    const machine = 8 * GB
    const onDisk = checkMemory(binding({ machine }), {}, BY_FORK)
    const inMemory = checkMemory(binding({ machine }), {}, { ...BY_FORK, fileInMemory: true })
    assert.equal(onDisk.fileInMemory, 0)
    assert.ok(inMemory.fileInMemory > 1e6 && inMemory.need - onDisk.need > 1e6)
    assert.ok(checkMemory(binding({ machine }), { redact: true }, IN_PROCESS).fileSize > 1.9 * onDisk.fileSize)
  })

  describe('held against what was measured (bench/snapshot/need.js)', () => {
    const [, ...rows] = readFileSync(path.join(__dirname, 'snapshot-need.csv'), 'utf8').trim().split('\n')
    const measured = rows.map((row) => row.split(',')).map(([node, kind, ...numbers]) => {
      const [used, large, objects, need] = numbers.map(Number)
      return { name: `${kind}, ${Math.round(used / 1e6)} MB, Node.js ${node}`, kind, heap: { used, large }, objects, need }
    })
    /** Where the objects do not tell: the same few in every slot, and property names that no two objects share. */
    const unseen = ['pointers in arrays', 'plain dictionaries']

    test('the child predicts by the objects no less than is needed, and no three times of it', () => {
      for (const { name, kind, heap, objects, need } of measured) {
        assert.ok(needOf(heap, objects) < need * 3, name)
        assert.ok(needOf(heap, objects) > need * 0.9 || unseen.includes(kind), name)
      }
    })

    test('by fork nothing is refused beforehand that would have fitted', () => {
      for (const { name, heap, need } of measured) assert.ok(leastNeed(heap) < need, name)
    })

    test('in the process no less is predicted than is needed', () => {
      for (const { name, kind, heap, need } of measured) assert.ok(usualNeed(heap) > need * (unseen.includes(kind) ? 0.6 : 0.9), name)
    })

    test('so many objects are allowed as the memory suffices for', () => {
      for (const large of [0, 1e6, 1e8]) {
        for (const bytes of [1e6, 1e8, 1e9, 1e10]) {
          const objects = objectsFor({ used: 0, large }, bytes)
          assert.ok(objects === 0 || needOf({ large }, objects) <= bytes)
          assert.ok(needOf({ large }, objects + 1) > bytes)
        }
      }
    })
  })
})

describe('the kernel\'s limits', () => {
  const GIB = 1048576 * 1024
  const files = (overrides) => {
    const texts = {
      '/proc/self/limits': 'Limit                     Soft Limit           Hard Limit           Units     \nMax data size             unlimited            unlimited            bytes     \nMax address space         unlimited            unlimited            bytes     \n',
      '/proc/self/statm': `${GIB / 4096} 25000 9000 10 0 ${GIB / 8192} 0\n`,
      '/proc/sys/vm/overcommit_memory': '0\n',
      '/proc/meminfo': 'CommitLimit:     4194304 kB\nCommitted_AS:    1048576 kB\n',
      ...overrides
    }
    return (file) => texts[file]
  }

  test('are none on most machines, and where there is no /proc', () => {
    assert.deepEqual(kernelLimits(false, files()), [])
    assert.deepEqual(kernelLimits(false, () => undefined), [])
  })

  test('leave what the process has not mapped yet', () => {
    const limits = `Max data size             ${GIB}           unlimited            bytes     \nMax address space         ${3 * GIB}           unlimited            bytes     \n`
    assert.deepEqual(kernelLimits(false, files({ '/proc/self/limits': limits })).map(({ bytes, where }) => [bytes / GIB, /ulimit -./.exec(where)[0]]),
      [[2, 'ulimit -v'], [0.5, 'ulimit -d']])
  })

  test('count the process\'s memory once more for a fork, where the kernel counts what is claimed', () => {
    const strict = files({ '/proc/sys/vm/overcommit_memory': '2\n' })
    assert.deepEqual([false, true].map((forked) => kernelLimits(forked, strict)[0].bytes / GIB), [2.5, 3])
  })
})

describe('a runtime', () => {
  const runtime = (changes) => ({ platform: 'linux', arch: 'x64', versions: { node: '22.1.0' }, config: { variables: {} }, ...changes })

  test('is proved where the matrix has run', () => {
    for (const node of ['18.20.8', '20.1.0', '22.23.3', '24.0.0', '26.10.0']) {
      assert.equal(unproved(runtime({ versions: { node } })), undefined)
    }
  })

  test('is doubted elsewhere, with the reason', () => {
    for (const [changes, words] of [
      [{ platform: 'darwin' }, /darwin/],
      [{ arch: 'arm64' }, /arm64/],
      [{ versions: { node: '28.0.0' } }, /28\.0\.0/],
      [{ versions: { node: '23.4.0' } }, /23\.4\.0/],
      [{ versions: { node: '22.1.0', electron: '40' } }, /Electron/],
      [{ config: { variables: { v8_enable_pointer_compression: 1 } } }, /compressed/],
      [{ config: { variables: { node_shared: true } } }, /shared/]
    ]) {
      assert.match(unproved(runtime(changes)), words)
    }
  })
})

/** A child that goes through `looks`, the last of them for good. */
class FakeCapture {
  static made = []
  static ready = [true]
  static looks = []
  static written = ''

  closed = 0
  #readies = [...FakeCapture.ready]
  #looks = [...FakeCapture.looks]

  constructor () {
    FakeCapture.made.push(this)
  }

  ready () {
    return this.#readies.length > 1 ? this.#readies.shift() : this.#readies[0]
  }

  fork (order) {
    this.order = order
    writeSync(order.file, FakeCapture.written)
    return 5
  }

  look () {
    const look = this.#looks.length > 1 ? this.#looks.shift() : this.#looks[0]
    return { phase: 'building', written: 0, cpuMs: 0, sleeps: false, ended: false, ...look }
  }

  close () {
    this.closed++
  }
}

describe('the parent of a capture', { skip: unproved() }, () => {
  const WHOLE = '{"snapshot":{},"strings":[]}'

  function capture (behaviour, options) {
    Object.assign(FakeCapture, { made: [], ready: [true], looks: [{ ended: true, phase: 'done' }], written: WHOLE }, behaviour)
    const binding = { nameFile, ForkCapture: FakeCapture, captureObstacle: () => behaviour.obstacle ?? null, memoryHeadroom: behaviour.headroom ?? (() => ({ machine: 8 * GB })) }
    return writeHeapSnapshot(binding, [path.join(folder, 'x'), options])
  }

  function checkNothingIsLeft () {
    assert.ok(FakeCapture.made.every((fake) => fake.closed === 1))
    assert.deepEqual(readdirSync(folder), [])
    assert.equal(process.listenerCount('exit'), listeners)
  }

  const listeners = process.listenerCount('exit')

  test('waits for the workers, and gives the child what is left less a reserve', async () => {
    const { method, pauseMs, attempts, bytes } = await capture({ ready: [false, false, true] })
    assert.deepEqual({ method, pauseMs, attempts, bytes }, { method: 'fork', pauseMs: 5, attempts: 1, bytes: WHOLE.length })
    const { order } = FakeCapture.made[0]
    assert.ok(order.memory < 8 * GB && order.memory > 7 * GB)
    assert.ok(order.seconds > 600 && order.seconds < 660)
    rmSync(path.join(folder, 'x'))
    checkNothingIsLeft()
  })

  test('refuses when the workers do not come, after three tries', async () => {
    await assert.rejects(capture({ ready: [null] }), { code: 'ERR_TIDEMARK_SNAPSHOT_REFUSED', reason: 'workers-busy' })
    assert.equal(FakeCapture.made.length, 3)
    checkNothingIsLeft()
  })

  test('takes the first way that there is memory for', async () => {
    const unlimited = { memoryHeadroom: () => ({}) }
    const { reserve, need: forked } = checkMemory(unlimited, {}, BY_FORK)
    const { need: inProcess } = checkMemory(unlimited, {}, IN_PROCESS)
    const headroom = () => ({ machine: Math.round(reserve + (forked + inProcess) / 2) })
    assert.equal((await capture({ headroom }, { method: 'auto' })).method, 'fork')
    rmSync(path.join(folder, 'x'))
    await assert.rejects(capture({ headroom, ready: [null] }, { method: 'auto' }), { code: 'ERR_TIDEMARK_SNAPSHOT_REFUSED', reason: 'memory' })
    checkNothingIsLeft()
  })

  test('goes another way only where that was asked for', async () => {
    await assert.rejects(capture({ obstacle: 'no such symbol' }), (error) => error.reason === 'unsupported' && /no such symbol/.test(error.message))
    for (const behaviour of [{ obstacle: 'no such symbol' }, { ready: [null] }]) {
      assert.equal((await capture(behaviour, { method: 'auto' })).method, 'in-process')
      rmSync(path.join(folder, 'x'))
    }
    checkNothingIsLeft()
  })

  test('takes no file that is not whole', async () => {
    for (const written of ['', '{', WHOLE.slice(0, -1), `x${WHOLE}`]) {
      await assert.rejects(capture({ written }), { code: 'ERR_TIDEMARK_SNAPSHOT_FAILED', reason: 'incomplete' })
    }
    checkNothingIsLeft()
  })

  for (const [what, end, reason, words] of [
    ['is killed', { ended: true, signal: 9 }, 'killed', /SIGKILL while building/],
    ['gets no memory', { ended: true, signal: 6 }, 'child', /SIGABRT .* memory/],
    ['cannot write', { ended: true, exitCode: 0, phase: 'writing', failed: 'writing', errno: 28, written: 5e6 }, 'write', /ENOSPC.*5\.0 MB/],
    ['gives up', { ended: true, exitCode: 1, failed: 'entering its seccomp sandbox', errno: 22 }, 'child', /seccomp sandbox \(EINVAL\)/],
    ['ends for no reason', { ended: true, exitCode: 3 }, 'child', /code 3/]
  ]) {
    test(`says so when the child ${what}`, async () => {
      await assert.rejects(capture({ looks: [end] }), (error) => {
        assert.deepEqual([error.code, error.reason], ['ERR_TIDEMARK_SNAPSHOT_FAILED', reason])
        assert.match(error.message, words)
        return true
      })
      checkNothingIsLeft()
    })
  }

  test('refuses when the child has counted too many objects, with the two numbers', async () => {
    await assert.rejects(capture({ looks: [{ ended: true, exitCode: 1, failed: 'counting the objects', objects: 1e9 }] }), (error) => {
      assert.deepEqual([error.code, error.reason], ['ERR_TIDEMARK_SNAPSHOT_REFUSED', 'memory'])
      assert.match(error.message, /1000000000 objects would need about \d+ MB, and \d+ MB can be spared/)
      assert.ok(error.need > error.available)
      return true
    })
    assert.ok(FakeCapture.made[0].order.objects > 1e7)
    checkNothingIsLeft()
  })

  test('ends the child when memory runs short', async () => {
    let asked = 0
    const headroom = () => ({ machine: asked++ < 3 ? 8 * GB : 1e6 })
    await assert.rejects(capture({ headroom, looks: [{}] }), { code: 'ERR_TIDEMARK_SNAPSHOT_FAILED', reason: 'memory' })
    checkNothingIsLeft()
  })
})

test('a default folder that cannot be written to is a problem at the start, where snapshots would go there', (t) => {
  const options = { signal: 'SIGUSR2', snapshotNearHeapLimit: false }
  assert.deepEqual(folderProblems(options), [])
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-folder-'))
  const before = process.cwd()
  t.after(() => process.chdir(before))
  process.chdir(folder)
  rmSync(folder, { recursive: true })
  assert.match(folderProblems(options)[0], /^Snapshots go into the current folder, and .*: name another one by `snapshotFolder`\.$/)
  assert.match(folderProblems({ snapshotNearHeapLimit: true })[0], /current folder/)
  assert.deepEqual(folderProblems({ snapshotNearHeapLimit: false }), [])
})
