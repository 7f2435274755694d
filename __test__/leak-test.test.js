'use strict'

const assert = require('node:assert/strict')
const { once, EventEmitter } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const { afterEach, describe, test } = require('node:test')
const { setTimeout: wait } = require('node:timers/promises')
const { assertCollected, assertNoLeak, measureLeak, selfCheck, trackLeaks } = require('../lib/leak-test')

// As a user would: in the runner's own process. What a function leaves behind is closed after it.
const cleanUps = []
afterEach(() => { for (const each of cleanUps.splice(0)) each() })

class Session {
  constructor (id) { this.id = id }
}

/** @param {() => unknown} fn */
const failure = (fn, options) => assertNoLeak(fn, options).then(() => assert.fail('it was found clean'), (error) => error)

describe('a function that leaks', () => {
  test('is told with what, how much, by whom it is held and where', async () => {
    const sessions = new Map()
    const error = await failure(function login () { sessions.set(`id ${sessions.size}`, new Session(sessions.size)) })
    assert.equal(error.code, 'ERR_TIDEMARK_LEAK')
    assert.match(error.message, /^`login` grows by 1 Session \(\d+ bytes\) a call: held by Map `sessions` \(__test__[\\/]leak-test\.test\.js:\d+\)/)
    assert.match(error.message, /\n {2}allocated: .*leak-test\.test\.js:\d+/)
    const [suspect] = error.result.suspects
    assert.ok(suspect.objectsPerCall > 0.9 && suspect.objectsPerCall < 1.1, `${suspect.objectsPerCall}`)
    assert.ok(error.result.bytesPerCall > 20 && error.result.bytesPerCall < 500, `${error.result.bytesPerCall}`)
  })

  test('is told also where it is too slow for many calls', async () => {
    const jobs = []
    const error = await failure(async () => { await wait(4); jobs.push(new Session(jobs.length)) }, { budget: 4000 })
    assert.equal(error.code, 'ERR_TIDEMARK_LEAK', error.message)
    assert.match(error.message, /Session/)
    assert.match(error.message, /`jobs`/)
  })

  test('is told without what and where if nobody wants it', async () => {
    const sessions = []
    const { verdict, suspects, message } = await measureLeak(() => { sessions.push({}) }, { explain: false })
    assert.equal(verdict, 'leaks')
    assert.deepEqual(suspects, [])
    assert.match(message, /^grows by \d+ bytes a call/)
  })

  test('is left out by a rule with a reason, until its date; a rule that matches nothing is told', async () => {
    const sessions = new Map()
    const leak = () => { sessions.set(sessions.size, new Session(sessions.size)) }
    const ignored = await measureLeak(leak, { ignore: [{ class: 'Session', reason: 'known' }, { file: 'src/no-such.js', reason: 'old' }] })
    assert.equal(ignored.verdict, 'clean', ignored.message)
    assert.equal(ignored.ignored[0].rule.reason, 'known')
    assert.ok(ignored.notes.some((note) => note.includes("'src/no-such.js' matched nothing")), ignored.message)
    const warned = once(process, 'warning')
    await assertNoLeak(() => {}, { ignore: [{ file: 'src/no-such.js', reason: 'old' }] })
    const [warning] = await warned
    assert.equal(warning.code, 'TIDEMARK_LEAK_TEST')
    assert.match(warning.message, /'src\/no-such\.js' matched nothing: remove it/)
    const expired = await measureLeak(leak, { ignore: [{ class: 'Session', reason: 'known', until: '2020-01-01' }] })
    assert.equal(expired.verdict, 'leaks', expired.message)
    assert.ok(expired.notes.some((note) => note.includes('past its date')), expired.message)
  })
})

describe('a function that is clean', () => {
  const cache = new Map()
  let count = 0
  for (const [name, fn] of Object.entries({
    'allocates and lets go': () => JSON.parse(JSON.stringify({ list: [1, 2, { three: 'x'.repeat(100) }] })),
    'awaits': async () => { await Promise.resolve() },
    'fills a cache with a cap': () => {
      cache.set(`key ${count++}`, { count })
      if (cache.size > 1000) cache.delete(cache.keys().next().value)
    },
    'loads a module at its first call': () => require('node:dgram'),
    'opens and closes': async () => {
      const server = net.createServer()
      await once(server.listen(0), 'listening')
      server.close()
    },
    'waits': () => wait(3),
    'adds a listener and removes it': () => {
      const listener = () => {}
      process.on('leak test', listener)
      process.off('leak test', listener)
    }
  })) test(name, () => assertNoLeak(fn))

  test('fills a cache whose cap is far away is undecided, and the cap is said; where the cap is passed it leaks', async () => {
    class Cache {
      entries = new Map()
      #max
      constructor (max) { this.#max = max }
      put (key, evicts) {
        this.entries.set(key, { key })
        if (evicts && this.entries.size > this.#max) this.entries.delete(key)
      }
    }
    const pages = new Cache(1e6)
    const filling = await measureLeak(() => pages.put(count++, true))
    assert.equal(filling.verdict, 'undecided', filling.message)
    assert.match(filling.message, /Map `pages\.entries` .*; it fills a cache of at most 1,000,000 entries\n/)
    const endless = new Cache(10)
    const passed = await measureLeak(() => endless.put(count++, false))
    assert.equal(passed.verdict, 'leaks', passed.message)
  })
})

describe('what is left open', () => {
  test('is told with what closes it and where it was created', async () => {
    const servers = []
    cleanUps.push(() => { for (const server of servers) server.close() })
    const error = await failure(async () => {
      const server = net.createServer()
      servers.push(server)
      await once(server.listen(0), 'listening')
    })
    assert.match(error.message, /left \d+ servers open in \d+ calls \(the last: port \d+, created at __test__[\\/]leak-test\.test\.js:\d+\): call server\.close\(\)/)
  })

  test('is told of timers and of files', async () => {
    const timers = []
    cleanUps.push(() => { for (const timer of timers) clearTimeout(timer) })
    assert.match((await failure(() => { timers.push(setTimeout(() => {}, 1e6)) })).message, /timers open .*created at .*leak-test\.test\.js:\d+\): call clearTimeout\(\)/)
    if (process.platform !== 'linux') return
    const files = []
    cleanUps.push(() => { for (const file of files) fs.closeSync(file) })
    assert.match((await failure(() => { files.push(fs.openSync(__filename)) })).message, /files open .*the last: leak-test\.test\.js\): call close\(\)/)
  })
})

describe('a function that', () => {
  test('throws is heard', async () => {
    const mine = new Error('mine')
    assert.equal(await failure(() => { throw mine }), mine)
    assert.equal(await failure(async () => { await Promise.resolve(); throw mine }), mine)
  })

  test('never settles is told after the budget', async () => {
    const error = await failure(() => new Promise(() => {}), { budget: 300 })
    assert.equal(error.code, 'ERR_TIDEMARK_LEAK_TEST_TIMEOUT')
    assert.match(error.message, /^Call 1 of the function did not settle within 300 ms/)
  })

  test('takes longer than the budget is undecided, and what settles it is said', async () => {
    const error = await failure(() => { for (const endsAt = Date.now() + 150; Date.now() < endsAt;);}, { budget: 100 })
    assert.equal(error.code, 'ERR_TIDEMARK_LEAK_UNDECIDED', error.message)
    assert.match(error.message, /^Whether the function leaks is undecided: one call takes .*\n.*\n {2}next: a budget of \d+/)
  })

  test('runs beside another test is refused, and the other one goes on', async () => {
    const first = measureLeak(() => {})
    await assert.rejects(measureLeak(() => {}), { code: 'ERR_TIDEMARK_LEAK_TEST_BUSY' })
    assert.equal((await first).verdict, 'clean')
    assert.equal((await measureLeak(() => {})).verdict, 'clean')
  })
})

test('options are checked', async () => {
  await assert.rejects(assertNoLeak(3), { code: 'ERR_TIDEMARK_OPTION' })
  for (const options of [{ budget: 0 }, { budget: '5' }, { explain: 1 }, { ignore: [{ class: 'A' }] }, { ignore: [{ class: 'A', file: 'b', reason: 'two' }] }, { artifacts: '' }]) {
    await assert.rejects(assertNoLeak(() => {}, options), { code: 'ERR_TIDEMARK_OPTION' }, JSON.stringify(options))
  }
  await assert.rejects(assertNoLeak(() => {}, { budgt: 5 }), { code: 'ERR_TIDEMARK_UNKNOWN_OPTION' })
})

describe('assertCollected', () => {
  test('is content with what nobody holds', async () => {
    await assertCollected(() => new Session(1))
    await assertCollected(async () => { await Promise.resolve(); return () => {} })
  })

  test('tells who holds it', async () => {
    const held = new Map()
    await assert.rejects(assertCollected(() => {
      const session = new Session(1)
      held.set('key', { session })
      return session
    }), (error) => error.code === 'ERR_TIDEMARK_LEAK' && /the Session is held by .*Map `held`/.test(error.message))
    const emitter = new EventEmitter()
    await assert.rejects(assertCollected(() => {
      const session = new Session(2)
      emitter.on('event', () => session)
      return session
    }), /_events <- EventEmitter `emitter`/)
    assert.equal(held.size + emitter.listenerCount('event'), 2)
  })

  test('wants an object, and hears what is thrown', async () => {
    await assert.rejects(assertCollected(() => 3), { code: 'ERR_TIDEMARK_OPTION' })
    await assert.rejects(assertCollected(() => { throw new RangeError('mine') }), RangeError)
  })
})

const kept = []

describe('trackLeaks', () => {
  test('tells what many objects a block left, and what is open', async () => {
    const leaks = trackLeaks()
    for (let i = 0; i < 300; i++) kept.push(new Session(i))
    const server = net.createServer().listen(0)
    cleanUps.push(() => server.close())
    await once(server, 'listening')
    const { verdict, suspects, resources, message } = await leaks.end()
    assert.equal(verdict, 'leaks')
    assert.equal(suspects[0]?.class, 'Session', message)
    assert.match(message, /left 300 Session \(\d.* kB\): held by Array `kept` \(__test__/)
    assert.match(message, /left 1 server open \(port \d+, created at __test__/)
    assert.equal(resources[0]?.type, 'TCPServerWrap')
    await assert.rejects(leaks[Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')](), { code: 'ERR_TIDEMARK_LEAK' })
  })

  test('is content with a block that cleans up, and lets the next test begin', async () => {
    const leaks = trackLeaks()
    const list = []
    for (let i = 0; i < 300; i++) list.push(new Session(i))
    list.length = 0
    assert.equal((await leaks.end()).verdict, 'clean')
    assert.equal((await measureLeak(() => {})).verdict, 'clean')
  })
})

test('selfCheck sees a planted leak and its clean twin', async () => {
  const check = await selfCheck()
  assert.deepEqual(check.problems, [])
  assert.ok(check.ok)
  assert.equal(check.runner, 'node:test')
})
