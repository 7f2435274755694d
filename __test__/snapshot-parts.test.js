'use strict'

const assert = require('node:assert/strict')
const { mkdtempSync, readFileSync, readdirSync, rmSync, writeSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')
const { writeHeapSnapshot } = require('../lib/snapshot')
const { folderProblems } = require('../lib/snapshot/folder')
const { checkMemory } = require('../lib/snapshot/guard')
const { leastNeed, needOf, objectsFor, usualNeed, worstNeed } = require('../lib/snapshot/need')
const { unproved } = require('../lib/snapshot/proved')
const { loadBinding } = require('../lib/binding')

const { nameFile } = loadBinding()

const GB = 1024 ** 3

const BY_FORK = { forks: true, fileInMemory: false }
const IN_PROCESS = { forks: false, fileInMemory: false }

/** As the native side says it. */
const left = (bytes, place = 'on the machine') => ({ bytes, place })

let folder

before(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-snapshot-parts-')) })
after(() => rmSync(folder, { recursive: true, force: true }))

describe('the guard', () => {
  const binding = (bytes) => ({ memoryHeadroom: () => bytes === undefined ? null : left(bytes) })

  test('refuses with both numbers, and says where so little is left', () => {
    const asked = []
    const memoryHeadroom = (...args) => {
      asked.push(args)
      return left(1e6, 'below the limit of the control group')
    }
    for (const how of [IN_PROCESS, BY_FORK]) {
      assert.throws(() => checkMemory({ memoryHeadroom }, { memoryLimit: 5e6 }, how), (error) => {
        assert.equal(error.reason, 'memory')
        assert.ok(error.available === 1e6 && error.need > error.available)
        return error.message.includes('1.0 MB are left below the limit of the control group')
      })
    }
    // Whether a fork is to come, which may claim memory.
    assert.deepEqual(asked, [[5e6, false], [5e6, true]])
  })

  test('knows from the native side where least is left', () => {
    const native = loadBinding()
    assert.ok(native.memoryHeadroom().bytes > 1e6)
    assert.deepEqual(native.memoryHeadroom(1048576), left(0, 'below `memoryLimit`'))
  })

  test('lets pass what fits, what nobody limits, and what is forced', () => {
    assert.ok(checkMemory(binding(64 * GB), {}, IN_PROCESS).need > 0)
    const { available } = checkMemory(binding(undefined), { force: true }, IN_PROCESS)
    assert.ok(process.platform === 'linux' ? available > 0 && available <= os.totalmem() : available === Infinity)
    assert.equal(checkMemory(binding(1), { force: true }, IN_PROCESS).available, 1)
  })

  test('wants more in the process, and still more where the text is parsed there', () => {
    const needs = [BY_FORK, IN_PROCESS, { ...IN_PROCESS, parses: true }].map((how) => checkMemory(binding(64 * GB), {}, how).need)
    assert.ok(needs[0] < needs[1] && needs[1] < needs[2], needs.join())
  })

  test('wants the file\'s size besides, where the file takes memory', () => {
    const onDisk = checkMemory(binding(8 * GB), {}, BY_FORK)
    const inMemory = checkMemory(binding(8 * GB), {}, { ...BY_FORK, fileInMemory: true })
    assert.equal(onDisk.fileInMemory, 0)
    assert.ok(inMemory.fileInMemory > 1e6 && inMemory.need - onDisk.need > 1e6)
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

    test('most heaps need no more than what is told before the heap is at its limit', () => {
      for (const { name, kind, heap, need } of measured) assert.ok(usualNeed(heap) > need * (unseen.includes(kind) ? 0.6 : 0.9), name)
    })

    test('in the process no less is predicted than is needed, whatever is in the heap', () => {
      const [, ...rows] = readFileSync(path.join(__dirname, 'snapshot-need-in-process.csv'), 'utf8').trim().split('\n')
      assert.ok(rows.length >= 39)
      for (const row of rows) {
        const [, , way, used, large, need] = row.split(',')
        assert.ok(worstNeed({ used: Number(used), large: Number(large) }, way !== 'in-process') > Number(need), row)
      }
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
  static seen = null

  closed = 0
  #readies = [...FakeCapture.ready]
  #looks = [...FakeCapture.looks]

  constructor () {
    FakeCapture.made.push(this)
  }

  ready () {
    return this.#readies.length > 1 ? this.#readies.shift() : this.#readies[0]
  }

  observed () {
    return FakeCapture.seen
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
    Object.assign(FakeCapture, { made: [], ready: [true], looks: [{ ended: true, phase: 'done' }], written: WHOLE, seen: null }, behaviour)
    const binding = { nameFile, ForkCapture: FakeCapture, captureObstacle: () => behaviour.obstacle ?? null, memoryHeadroom: behaviour.headroom ?? (() => left(8 * GB)) }
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

  test('keeps free what the app took and gave back before, and refuses where that is too much', async () => {
    await capture({ seen: { least: 4 * GB, most: 8 * GB } })
    const { order } = FakeCapture.made[0]
    assert.equal(order.memory, 2 * GB)
    assert.equal(order.floor, 1.5 * GB)
    rmSync(path.join(folder, 'x'))
    await assert.rejects(capture({ seen: { least: 2.5e8, most: 7.5e8 } }), (error) => {
      assert.deepEqual([error.code, error.reason, error.available], ['ERR_TIDEMARK_SNAPSHOT_REFUSED', 'memory', 2.5e8])
      assert.ok(error.need > error.available)
      return /and 250 MB for the app meanwhile\), and 250 MB are left on the machine when the app uses the most/.test(error.message)
    })
    assert.equal((await capture({ seen: { least: 2.5e8, most: 7.5e8 } }, { force: true })).method, 'fork')
    rmSync(path.join(folder, 'x'))
    checkNothingIsLeft()
  })

  test('refuses when the workers do not come, after five tries', async () => {
    await assert.rejects(capture({ ready: [null] }), { code: 'ERR_TIDEMARK_SNAPSHOT_REFUSED', reason: 'workers-busy' })
    assert.equal(FakeCapture.made.length, 5)
    checkNothingIsLeft()
  })

  test('takes the first way that there is memory for', async () => {
    const unlimited = { memoryHeadroom: () => null }
    const { reserve, need: forked } = checkMemory(unlimited, {}, BY_FORK)
    const { need: inProcess } = checkMemory(unlimited, {}, IN_PROCESS)
    const headroom = () => left(Math.round(reserve + (forked + inProcess) / 2))
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
    ['has too little memory left', { ended: true, exitCode: 1, failed: 'looking after the memory that is left', left: 3e7, written: 5e6 }, 'memory', /gave up when 30 MB of memory were left, after 5\.0 MB of the file/],
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

  test('says that the child got no processor, where its time was over for that', async () => {
    await assert.rejects(capture({ looks: [{ cpuMs: 10 }] }, { timeoutMs: 1000 }), (error) => {
      assert.deepEqual([error.code, error.reason], ['ERR_TIDEMARK_SNAPSHOT_FAILED', 'timeout'])
      return /lowest priority, got \d % of a processor/.test(error.message)
    })
    checkNothingIsLeft()
  })

  test('refuses when the child has counted too many objects, with the two numbers', async () => {
    await assert.rejects(capture({ looks: [{ ended: true, exitCode: 1, failed: 'counting the objects', objects: 1e9 }] }), (error) => {
      assert.deepEqual([error.code, error.reason], ['ERR_TIDEMARK_SNAPSHOT_REFUSED', 'memory'])
      assert.match(error.message, /1000000000 objects would need about 350 GB, and [\d.]+ [MG]B can be spared/)
      assert.ok(error.need > error.available)
      return true
    })
    assert.ok(FakeCapture.made[0].order.objects > 1e7)
    checkNothingIsLeft()
  })

  test('ends the child when memory runs short', async () => {
    let asked = 0
    const headroom = () => left(asked++ < 3 ? 8 * GB : 1e6)
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
