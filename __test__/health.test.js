'use strict'

const assert = require('node:assert/strict')
const { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { Health } = require('../lib/health')
const { Monitor } = require('../lib/monitor')
const { Publisher } = require('../lib/publish')
const { MOST_BYTES, TerminationLog } = require('../lib/termination-log')
const { createFakeBinding } = require('./helpers/fake-binding')
const { result } = require('./helpers/child')

const MEMORY = { heapSizeLimit: 1000e6, rss: 300e6 }

function heap (state, timeToLimitMs, level = 100e6) {
  return [{ channel: 'heap', state, level, timeToLimitMs, limit: timeToLimitMs === undefined ? undefined : 'heap' }]
}

function health (options = {}) {
  const told = []
  const made = new Health({ criticalMs: 120000, ...options }, (chapter, { state, reason }) => told.push(chapter === 'health' ? state : chapter) && reason)
  const look = (channels, memory = MEMORY, asked = false) => {
    made.look(channels, memory, asked)
    return made.now
  }
  return { look, told, made }
}

describe('health is', () => {
  test('ok, leaking, then critical when less than criticalMs is left', () => {
    const { look, told } = health()
    assert.deepEqual(look(heap('steady')), { ok: true, state: 'ok', reason: null, timeToLimitMs: null, limit: null })
    assert.equal(look(heap('suspect', 1000)).state, 'ok')
    assert.deepEqual(look(heap('leaking', 600000)), {
      ok: true, state: 'leaking', reason: 'The JavaScript heap leaks; V8\'s heap limit is reached in 10 min.', timeToLimitMs: 600000, limit: 'heap'
    })
    const last = look(heap('leaking', 119000))
    assert.deepEqual([last.ok, last.state, last.timeToLimitMs], [false, 'critical', 119000])
    assert.deepEqual(told, ['leaking', 'critical', 'critical'])
  })

  test('critical after V8\'s question for as long as criticalMs where the heap is not watched', async () => {
    const { look } = health({ criticalMs: 30 })
    assert.equal(look([], MEMORY, true).state, 'critical')
    assert.equal(look([]).state, 'critical')
    await wait(40)
    assert.equal(look([]).state, 'ok')
  })

  test('told by the limit that slows where that is the nearest', () => {
    const { look } = health()
    const leaking = [{ channel: 'native', state: 'leaking', level: 1e6, timeToLimitMs: 600000, limit: 'cgroup' }]
    assert.match(look(leaking, { ...MEMORY, cgroup: { version: 2, limit: 1e9, usage: 3e8, slows: true } }).reason, /before the kernel slows it \(memory\.high\) is reached in 10 min/)
  })

  test('told to be critical once, and again only after all was well', () => {
    const { look, told } = health()
    look(heap('leaking', 100000))
    assert.equal(look(heap('leaking', 130000)).state, 'critical', 'not for a moment')
    assert.equal(look(heap('leaking', 200000)).state, 'leaking')
    look(heap('leaking', 100000))
    assert.deepEqual(told, ['critical', 'critical', 'leaking', 'critical'], 'the state each time, the event once')
    look(heap('steady'))
    look(heap('leaking', 100000))
    assert.deepEqual(told.slice(4), ['ok', 'critical', 'critical'])
  })

  test('critical above 95 % of a limit, until it is below 90 %', () => {
    for (const [used, options] of [
      [(share) => [heap('steady', undefined, share * 1000e6), MEMORY], {}],
      [(share) => [heap('steady'), { ...MEMORY, cgroup: { usage: share * 500e6, limit: 500e6 } }], {}],
      [(share) => [heap('steady'), { ...MEMORY, rss: share * 400e6 }], { memoryLimit: 400e6 }]
    ]) {
      const { look } = health(options)
      assert.equal(look(...used(0.94)).state, 'ok')
      const full = look(...used(0.96))
      assert.equal(full.state, 'critical')
      assert.match(full.reason, /^96 % of .* is in use\.$/)
      assert.equal(look(...used(0.92)).state, 'critical')
      assert.equal(look(...used(0.89)).state, 'ok')
    }
  })

  test('told from what other processes of the container use, and from a limit that slows', () => {
    const { look } = health()
    const of = (cgroup) => look(heap('steady'), { ...MEMORY, rss: 100e6, cgroup: { usage: 480e6, limit: 500e6, slows: false, ...cgroup } }).reason
    assert.match(of({}), /^96 % of the memory limit of the container is in use, most of it by other processes \(380 MB\)\.$/)
    assert.match(of({ usage: 290e6, limit: 300e6, slows: true }), /memory\.high/)
    assert.doesNotMatch(of({ usage: 190e6, limit: 195e6 }), /other processes/)
  })

  test('critical when V8 has asked for a higher limit, until the heap is smaller', () => {
    const { look } = health()
    assert.equal(look(heap('steady', undefined, 930e6), MEMORY, true).state, 'critical')
    assert.equal(look(heap('steady', undefined, 930e6)).state, 'critical')
    assert.equal(look(heap('steady', undefined, 500e6)).state, 'ok')
  })

  test('not made of numbers that are not known', () => {
    const { look } = health()
    assert.equal(look([]).state, 'ok')
    assert.equal(look(heap('steady', undefined, undefined), undefined).state, 'ok')
    assert.equal(look(heap('leaking', undefined), {}).state, 'leaking')
  })

  test('the same object until the next look, and says when nothing is watched', () => {
    const monitor = new Monitor(createFakeBinding())
    assert.deepEqual(monitor.health(), { ok: true, state: 'ok', reason: 'tidemark is not running', timeToLimitMs: null, limit: null })
    monitor.start()
    assert.equal(monitor.health(), monitor.health())
    monitor.stop()
  })

  test('a criticalMs longer than the app runs makes every leak critical, and nothing else', () => {
    const { look } = health({ criticalMs: 86400000 })
    assert.equal(look(heap('suspect', 1000)).state, 'ok')
    assert.equal(look(heap('leaking', 80000000)).state, 'critical')
  })
})

describe('the termination log', () => {
  function prepare (t, content = '') {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-termination-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const file = path.join(folder, 'log')
    writeFileSync(file, content)
    const monitor = {}
    const publisher = new Publisher({ rawListeners: () => [], listenerCount: () => 0 })
    return { folder, file, monitor, publisher }
  }

  /** A log that follows a monitor, and how it is told. */
  function follow (t, file) {
    const monitor = Object.assign(new Monitor(createFakeBinding()))
    const publisher = new Publisher(monitor)
    const log = new TerminationLog(file, monitor)
    log.start()
    t.after(() => log.stop())
    return { log, tell: (chapter, details) => publisher.tell(chapter, details) }
  }

  async function until (condition) {
    for (let i = 0; i < 1000 && !condition(); i++) await wait(5)
    assert.ok(condition())
  }

  const critical = { state: 'critical', reason: 'The JavaScript heap leaks; V8\'s heap limit is reached in 1 min.' }

  test('says why at each change, in place, and is empty while all is well', async (t) => {
    const { file } = prepare(t)
    const { ino } = statSync(file)
    const { log, tell } = follow(t, file)
    const read = () => readFileSync(file, 'utf8')
    tell('health', critical)
    await until(() => read().includes('was critical. The JavaScript heap leaks'))
    tell('reported', { message: 'The heap leaks: most likely Map `sessions`.\nA forged line' })
    await until(() => read().includes('Map `sessions`'))
    assert.equal(read().split('\n').length, 2, 'one line')
    tell('reported', { message: `${'€'.repeat(3000)}` })
    await until(() => read().includes('€'))
    assert.ok(statSync(file).size <= MOST_BYTES)
    assert.doesNotMatch(read(), /\ufffd/)
    tell('recovered', {})
    tell('health', { state: 'ok', reason: null })
    await until(() => read() === '')
    assert.equal(statSync(file).ino, ino)
    assert.deepEqual(log.problems, [])
  })

  test('takes away what a thread of ours wrote at V8\'s limit, once all is well', async (t) => {
    const { file } = prepare(t)
    const { tell } = follow(t, file)
    tell('health', critical)
    await until(() => readFileSync(file, 'utf8').includes('critical'))
    writeFileSync(file, `tidemark: process ${process.pid} was critical. V8 asked for a higher heap limit.\n`)
    tell('health', { state: 'ok', reason: null })
    await until(() => readFileSync(file, 'utf8') === '')
  })

  test('of a process that is well leaves alone what another one of the container says', async (t) => {
    const { file } = prepare(t, 'another process says')
    const { tell } = follow(t, file)
    tell('health', { state: 'ok', reason: null })
    await wait(100)
    assert.equal(readFileSync(file, 'utf8'), 'another process says')
    tell('health', critical)
    await until(() => readFileSync(file, 'utf8').includes('critical'))
  })

  test('that is missing, a folder or a link is one problem, and nothing is made', async (t) => {
    const { folder, file } = prepare(t)
    const link = path.join(folder, 'link')
    symlinkSync(file, link)
    chmodSync(file, 0o644)
    for (const [wrong, expected] of [[path.join(folder, 'none'), /there is no such file/], [folder, /cannot be written/], [link, /cannot be written/]]) {
      const { log, tell } = follow(t, wrong)
      tell('health', critical)
      await until(() => log.problems.length === 1)
      assert.match(log.problems[0], expected)
    }
    assert.equal(readFileSync(file, 'utf8'), '')
  })
})

test('a process that leaks is critical before its limit, and says so once', { timeout: 120000 }, async () => {
  const { critical, health: before, leftMs } = await result('critical.js', { nodeArgs: ['--max-old-space-size=300'], deadlineMs: 100000 })
  assert.equal(critical.length, 1)
  assert.equal(critical[0].channel, 'heap')
  assert.match(critical[0].message, /about to run out of memory.*Next: /)
  assert.equal(before.state, 'critical')
  assert.equal(before.ok, false)
  assert.ok(leftMs > 0)
})
