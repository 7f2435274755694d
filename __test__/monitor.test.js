'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const diagnosticsChannel = require('node:diagnostics_channel')
const Module = require('node:module')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { after, test } = require('node:test')
const { createMiddleware } = require('../lib/express')
const { Evidence } = require('../lib/evidence')
const { Monitor } = require('../lib/monitor')
const { partOf } = require('../lib/one-cause')
const { followLeaks } = require('../lib/publish')
const { createFakeBinding, leakRecord } = require('./helpers/fake-binding')
const { unreadableErrors } = require('./helpers/unreadable')

// Nothing of a monitor keeps a process alive.
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

function setup (overrides) {
  const binding = createFakeBinding(overrides)
  // Evidence has tests of its own; here every event comes at once.
  const monitor = new Monitor(binding, () => overrides?.preset ?? { evidence: overrides?.evidence ?? [] })
  return { binding, monitor }
}

test('nothing is installed until somebody listens', () => {
  const { binding, monitor } = setup()
  monitor.on('error', () => {})
  assert.equal(binding.made.length, 0)
  assert.equal(monitor.status().running, false)
  monitor.on('leak', () => {})
  assert.equal(binding.made.length, 1)
  assert.equal(monitor.status().running, true)
  monitor.stop()
})

test('the removal of the last listener takes the hook away', () => {
  const { binding, monitor } = setup()
  const listener = () => {}
  monitor.on('leak', listener)
  monitor.on('stats', listener)
  monitor.off('leak', listener)
  assert.equal(binding.last.closed, false)
  monitor.off('stats', listener)
  assert.equal(binding.last.closed, true)
  assert.equal(monitor.status().running, false)
})

test('after start() only stop() takes the hook away', () => {
  const { binding, monitor } = setup()
  const listener = () => {}
  monitor.start()
  monitor.on('leak', listener)
  monitor.off('leak', listener)
  assert.equal(binding.last.closed, false)
  monitor.stop()
  assert.equal(binding.last.closed, true)
})

test('an option that does nothing is a problem, not an error', () => {
  const { monitor } = setup()
  monitor.start({ consecutive: 2 })
  assert.match(monitor.status().problems[0], /`consecutive` is ignored/)
  monitor.stop()
})

test('a folder that no snapshot can go to is a problem at once', () => {
  const { monitor } = setup()
  for (const [snapshotFolder, problem] of [[path.join(__dirname, 'nowhere'), /there is no folder '.*nowhere'/], [__filename, /is not a folder/]]) {
    monitor.start({ snapshotFolder })
    assert.match(monitor.status().problems[0], problem)
    monitor.stop()
  }
  assert.deepEqual(monitor.start({ snapshotFolder: __dirname }).status().problems, [])
  monitor.stop()
})

test('once() stops the watching after its event', () => {
  const { binding, monitor } = setup()
  let leaks = 0
  monitor.once('leak', () => { leaks++ })
  binding.last.tell(leakRecord(), leakRecord())
  assert.equal(leaks, 1)
  assert.equal(binding.last.closed, true)
})

test('start() twice with the same options does nothing, with others it throws', () => {
  const { binding, monitor } = setup()
  monitor.start({ consecutive: 4 })
  monitor.start()
  monitor.start({ consecutive: 4 })
  assert.equal(binding.made.length, 1)
  assert.throws(() => monitor.start({ consecutive: 5 }), { code: 'ERR_TIDEMARK_ALREADY_STARTED' })
  assert.equal(binding.made.length, 1)
  assert.equal(binding.last.closed, false)
  monitor.stop()
})

test('start() with options after a listener started it begins anew with them', () => {
  const { binding, monitor } = setup()
  monitor.on('leak', () => {})
  monitor.start({ detector: 'memwatch', consecutive: 3 })
  assert.equal(binding.made.length, 2)
  assert.equal(binding.made[0].closed, true)
  assert.equal(binding.last.options.detector, 'memwatch')
  assert.equal(binding.last.options.consecutive, 3)
  monitor.stop()
})

test('tidemark.express() keeps the monitor running, and a second call forgets nothing', () => {
  const { binding, monitor } = setup()
  const express = createMiddleware(monitor)
  express()
  express()
  assert.equal(binding.made.length, 1)
  monitor.stop()
})

test('what a preload was told holds for every start, and what the app names wins', () => {
  const { binding, monitor } = setup({ preset: { detector: 'memwatch' } })
  monitor.on('leak', () => {})
  assert.equal(binding.last.options.detector, 'memwatch')
  monitor.start({ consecutive: 7, detector: undefined })
  assert.deepEqual([binding.last.options.detector, binding.last.options.consecutive], ['memwatch', 7])
  monitor.stop()
  monitor.start({ detector: 'trend' })
  assert.deepEqual([binding.last.options.detector, binding.last.options.consecutive], ['trend', 5])
  monitor.stop()
  monitor.start()
  assert.equal(binding.last.options.detector, 'memwatch')
  monitor.stop()
})

test('stop() twice does nothing, and start() works again after it', () => {
  const { binding, monitor } = setup()
  monitor.stop()
  monitor.start()
  monitor.stop()
  monitor.stop()
  monitor.start()
  assert.equal(binding.made.length, 2)
  monitor.stop()
})

test('wrong options leave a running monitor as it is', () => {
  const { binding, monitor } = setup()
  monitor.on('leak', () => {})
  assert.throws(() => monitor.start({ consecutive: 0 }), { code: 'ERR_TIDEMARK_OPTION' })
  assert.equal(binding.last.closed, false)
  assert.equal(monitor.status().running, true)
  monitor.stop()
})

test('a listener may stop the monitor in the middle of a batch', () => {
  const { binding, monitor } = setup()
  let leaks = 0
  monitor.on('leak', () => {
    leaks++
    monitor.stop()
  })
  binding.last.tell(leakRecord(), leakRecord())
  assert.equal(leaks, 1)
})

test("for one collection 'leak' comes before 'stats'", () => {
  const { binding, monitor } = setup()
  const order = []
  monitor.on('stats', () => order.push('stats'))
  monitor.on('leak', () => order.push('leak'))
  binding.last.tell(leakRecord(), { atMs: 97000, stats: statsRecord() })
  assert.deepEqual(order, ['leak', 'stats'])
  monitor.stop()
})

test('a listener that throws harms neither the others nor the app', async () => {
  const { binding, monitor } = setup()
  const bug = new Error('bug of the app')
  let reached = 0
  monitor.on('leak', () => { throw bug })
  monitor.on('leak', () => { reached++ })
  const warned = once(process, 'warning')
  binding.last.tell(leakRecord())
  assert.equal(reached, 1)
  const [warning] = await warned
  assert.equal(warning.code, 'ERR_TIDEMARK_LISTENER')
  assert.equal(warning.cause, bug)
  // Node.js prints this, and not the cause.
  assert.match(warning.detail, /^ +at .*monitor\.test\.js:\d+/)
  monitor.stop()
})

test('what fails in the native side where nobody called it is a problem, once, and not an exception', () => {
  const { binding, monitor } = setup()
  monitor.start()
  binding.last.drain = () => { throw new Error('index out of bounds') }
  binding.last.wake()
  binding.last.wake()
  assert.deepEqual(monitor.status().problems, ['Watching failed: index out of bounds. This is a bug in tidemark.'])
  monitor.stop()
})

test('a leak is reported once its code can be loaded, and until then that is a problem', (t) => {
  const { binding, monitor } = setup()
  const told = []
  for (const event of ['leak', 'stats']) monitor.on(event, () => told.push(event))
  const { _load: load } = Module
  const failing = t.mock.method(Module, '_load', function (request, ...rest) {
    if (request === './leaks') throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
    return Reflect.apply(load, this, [request, ...rest])
  })
  binding.last.tell({ atMs: 96000, stats: statsRecord() }, leakRecord(), { atMs: 97000, stats: statsRecord() })
  assert.deepEqual(told, ['stats'])
  assert.match(monitor.status().problems.join(), /^Leaks are not reported, because the code for it could not be loaded: EMFILE: too many open files\. It is tried again\.$/)
  failing.mock.restore()
  binding.last.wake()
  assert.deepEqual(told, ['stats', 'leak', 'stats'])
  assert.deepEqual(monitor.status().problems, [])
  monitor.stop()
})

test('a leak waits for its evidence, and what comes behind it waits with it', async () => {
  const { binding, monitor } = setup({ evidence: ['resources'] })
  const told = []
  monitor.on('leak', ({ signature }) => told.push(['leak', signature]))
  monitor.on('recovered', ({ signature }) => told.push(['recovered', signature]))
  const suspicion = leakRecord({ event: null })
  suspicion.change.to = 'suspect'
  binding.last.tell(suspicion)
  binding.last.tell(leakRecord({ status: { timeToLimitMs: 800 } }), leakRecord({ event: 'recovered' }))
  assert.deepEqual(told, [])
  await once(monitor, 'recovered')
  assert.deepEqual(told.map(([event]) => event), ['leak', 'recovered'])
  assert.equal(told[0][1], told[1][1])
  assert.deepEqual(monitor.status().problems, [])
  monitor.stop()
})

test('a leak that nobody suspected does not wait for evidence longer than there is time', async () => {
  const { binding, monitor } = setup({ evidence: ['resources'] })
  monitor.start({ evidence: ['resources'] })
  const told = once(monitor, 'leak')
  binding.last.tell(leakRecord({ status: { timeToLimitMs: 0 } }))
  await told
  assert.equal(monitor.status().evidence.collecting, true)
  monitor.stop()
})

test('a small claim that evidence itself may have caused is not told at once, nor is its end', async () => {
  const { binding, monitor } = setup({ evidence: ['resources'] })
  monitor.on('leak', () => assert.fail('told'))
  monitor.on('recovered', () => assert.fail('told'))
  const suspicion = leakRecord({ event: null })
  suspicion.change.to = 'suspect'
  binding.last.tell(suspicion)
  binding.last.tell(leakRecord({ status: { growth: 2e6 } }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  binding.last.tell(leakRecord({ event: 'recovered' }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(monitor.status().problems, [])
  monitor.stop()
})

test('a leak that fell back while it waited for its evidence is not told, and when it stands again it is', async () => {
  const channels = [{ channel: 'heap', state: 'leaking', level: 50e6 - 6e6 }]
  const { binding, monitor } = setup({ evidence: ['resources'], channels })
  monitor.start({ evidence: ['resources'], sampleIntervalMs: 100 })
  const told = []
  monitor.on('leak', () => told.push('leak'))
  monitor.on('recovered', () => told.push('recovered'))
  const claim = () => leakRecord({ status: { timeToLimitMs: 400 } })
  binding.last.tell(claim())
  await new Promise((resolve) => setTimeout(resolve, 400))
  assert.deepEqual(told, [], 'it has lost 6 MB of 20')
  binding.last.tell(leakRecord({ event: 'recovered' }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(told, [], 'what was not told needs no end')
  binding.last.tell(claim())
  await new Promise((resolve) => setTimeout(resolve, 400))
  channels[0].level = 50e6
  await once(monitor, 'leak')
  assert.deepEqual(monitor.status().problems, [])
  monitor.stop()
})

test('a growth that a cache explains is a reason in status() and no leak, until it is neither', async (t) => {
  const { binding, monitor } = setup({ evidence: ['resources'], channels: [{ ...leakRecord().status, state: 'leaking' }] })
  const excuses = ['fills a cache: 5 of 20', undefined]
  t.mock.method(Evidence.prototype, 'weigh', async () => ({ suspects: [], excuse: excuses.shift() }))
  t.mock.method(Evidence.prototype, 'excuse', async () => undefined)
  const told = []
  for (const event of ['leak', 'recovered']) monitor.on(event, () => told.push(event))
  const suspicion = leakRecord({ event: null })
  suspicion.change.to = 'suspect'
  binding.last.tell(suspicion, leakRecord())
  await new Promise((resolve) => setTimeout(resolve, 20))
  const { state, channels } = monitor.status()
  assert.deepEqual([told, state, channels.heap.state, channels.heap.heldBackBy], [[], 'suspect', 'suspect', 'fills a cache: 5 of 20'])
  binding.last.tell(leakRecord({ event: 'recovered' }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(told, [], 'what was not reported has no end')
  binding.last.tell(leakRecord())
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(told, ['leak'])
  assert.equal(monitor.status().state, 'leaking')
  assert.deepEqual(monitor.status().problems, [])
  monitor.stop()
})

test('when an excuse ends a growth that goes on is reported, and one that has ended is not', async (t) => {
  for (const [level, event] of [[50e6, undefined], [90e6, 'leak']]) {
    const statuses = [{ ...leakRecord().status, state: 'leaking', level }]
    const { binding, monitor } = setup({ evidence: ['resources'], channels: statuses })
    const excuses = ['fills a cache: 5 of 20', undefined]
    t.mock.method(Evidence.prototype, 'weigh', async () => ({ suspects: [], excuse: excuses.shift() }))
    const asked = t.mock.method(Evidence.prototype, 'excuse', async () => undefined)
    const told = []
    monitor.on('leak', () => told.push('leak'))
    monitor.start({ evidence: ['resources'], sampleIntervalMs: 100 })
    const suspicion = leakRecord({ event: null })
    suspicion.change.to = 'suspect'
    const clock = t.mock.method(performance, 'now')
    binding.last.tell(suspicion, leakRecord())
    await new Promise((resolve) => setTimeout(resolve, 20))
    const before = performance.now()
    clock.mock.mockImplementation(() => before + 11000)
    while (asked.mock.callCount() === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(told[0], event)
    monitor.stop()
    t.mock.restoreAll()
  }
})

test('channels that rise together are one leak', async () => {
  const statuses = ['heap', 'native'].map((channel) => ({ ...leakRecord().status, channel, state: 'leaking' }))
  const { binding, monitor } = setup({ channels: statuses })
  const told = []
  for (const event of ['leak', 'recovered']) monitor.on(event, ({ channel, channels }) => told.push([event, channel, channels]))
  const native = (overrides) => leakRecord({ ...overrides, status: { channel: 'native', ...overrides?.status } })
  binding.last.tell(leakRecord(), native())
  assert.deepEqual(told, [['leak', 'heap', ['heap']]])
  assert.equal(monitor.status().channels.native.partOf, 'heap')
  binding.last.tell(leakRecord())
  assert.deepEqual(told[1], ['leak', 'heap', ['heap', 'native']])
  binding.last.tell(native({ event: 'recovered' }), leakRecord({ event: 'recovered' }), native())
  assert.deepEqual(told.slice(2).map(([event, channel]) => `${event} ${channel}`), ['recovered heap', 'leak native'], 'one that goes on without the first is its own')
  monitor.stop()
})

test('which growth belongs to which leak', () => {
  const growth = (channel, overrides) => ({ channel, startMs: 0, endMs: 60000, ...overrides })
  assert.equal(partOf(growth('native'), [growth('heap')]), 'heap')
  assert.equal(partOf(growth('heap'), [growth('resources')]), 'resources')
  assert.equal(partOf(growth('heap'), [growth('native')]), undefined, 'what the heap holds is the cause')
  assert.equal(partOf(growth('native', { startMs: 50000, endMs: 90000 }), [growth('heap')]), undefined, 'not at the same time')
  assert.equal(partOf(growth('native', { timeToLimitMs: 60000 }), [growth('heap', { timeToLimitMs: 3600000 })]), undefined, 'ends the process much earlier')
  assert.equal(partOf(growth('native'), []), undefined)
})

test('a leak that is ignored is counted and not reported, until its date', () => {
  const { binding, monitor } = setup()
  const told = []
  for (const event of ['leak', 'recovered']) monitor.on(event, () => told.push(event))
  const rule = { signature: 'tidemark:heap', reason: 'known: #12', until: new Date(Date.now() + 3600000) }
  monitor.start({ evidence: [], ignore: [rule] })
  binding.last.tell(leakRecord(), leakRecord({ event: 'recovered' }))
  assert.deepEqual(told, [])
  assert.deepEqual(monitor.status().ignored, [{ ...rule, count: 1 }])
  monitor.stop()
  monitor.start({ evidence: [], ignore: [{ ...rule, until: '2020-01-01' }] })
  binding.last.tell(leakRecord())
  assert.deepEqual(told, ['leak'])
  monitor.stop()
  assert.throws(() => monitor.start({ ignore: [{ signature: 'tidemark:heap' }] }), { code: 'ERR_TIDEMARK_OPTION' })
  assert.throws(() => monitor.start({ ignore: [{ ...rule, until: 'soon' }] }), { code: 'ERR_TIDEMARK_OPTION' })
})

test("with memwatch's rule a leak is told at once", () => {
  const { binding, monitor } = setup()
  monitor.start({ detector: 'memwatch', evidence: ['resources'] })
  let told = 0
  monitor.on('leak', () => { told++ })
  binding.last.tell(leakRecord())
  assert.equal(told, 1)
  monitor.stop()
})

test('a monitor that was stopped tells no leak that still waited for its evidence', async () => {
  const { binding, monitor } = setup({ evidence: ['resources'] })
  monitor.on('leak', () => assert.fail('told'))
  const suspicion = leakRecord({ event: null })
  suspicion.change.to = 'suspect'
  binding.last.tell(suspicion)
  binding.last.tell(leakRecord())
  monitor.stop()
  await new Promise((resolve) => setTimeout(resolve, 20))
})

test("an 'error' listener that throws as well harms nobody, and the warning comes once", async () => {
  const { binding, monitor } = setup()
  const warnings = []
  const onWarning = (warning) => warnings.push(warning)
  process.on('warning', onWarning)
  let reached = 0
  monitor.on('error', () => { throw new Error('and this too') })
  monitor.on('leak', () => { throw new Error('bug of the app') })
  monitor.on('leak', () => { reached++ })
  binding.last.tell(leakRecord(), leakRecord(), leakRecord())
  await new Promise(setImmediate)
  process.off('warning', onWarning)
  assert.equal(reached, 3)
  assert.equal(warnings.length, 1)
  monitor.stop()
})

test("an 'error' listener whose promise is rejected harms nobody either", async () => {
  const { binding, monitor } = setup()
  const bugs = ['one', 'two'].map((name) => new Error(name))
  const heard = []
  monitor.on('error', async ({ cause }) => {
    heard.push(cause)
    throw new Error('and this too')
  })
  const warned = once(process, 'warning')
  for (const bug of bugs) monitor.once('leak', () => { throw bug })
  binding.last.tell(leakRecord())
  const [warning] = await warned
  assert.equal(warning.code, 'ERR_TIDEMARK_LISTENER')
  assert.deepEqual(heard, bugs)
  monitor.stop()
})

test('a listener whose promise is rejected harms nobody either', async () => {
  const { binding, monitor } = setup()
  const errors = []
  monitor.on('error', (error) => errors.push(error))
  monitor.on('leak', async () => { throw new Error('bug of the app') })
  binding.last.tell(leakRecord())
  await new Promise(setImmediate)
  assert.equal(errors.length, 1)
  assert.equal(errors[0].cause.message, 'bug of the app')
  monitor.stop()
})

test('what cannot be read of an error harms nobody, thrown or rejected', async () => {
  const { binding, monitor } = setup()
  const errors = []
  const thrown = unreadableErrors()
  monitor.on('error', (error) => errors.push(error))
  for (const cause of thrown) {
    monitor.on('leak', () => { throw cause })
    monitor.on('leak', async () => { throw cause })
  }
  binding.last.tell(leakRecord())
  await new Promise(setImmediate)
  assert.equal(errors.length, 2 * thrown.length)
  for (const { code, message, cause } of errors) {
    assert.equal(code, 'ERR_TIDEMARK_LISTENER')
    assert.match(message, /^A listener of 'leak' threw: something that cannot be read\./)
    assert.ok(thrown.includes(cause))
  }
  monitor.stop()
})

test('removeAllListeners() stops what listeners started, and listening works again after it', () => {
  const { binding, monitor } = setup()
  monitor.on('leak', () => {})
  monitor.removeAllListeners()
  assert.equal(binding.last.closed, true)
  monitor.on('leak', () => {})
  assert.equal(binding.made.length, 2)
  assert.equal(monitor.status().running, true)
  monitor.removeAllListeners('leak')
  assert.equal(monitor.status().running, false)
})

test("with an 'error' listener the error of a listener goes there", () => {
  const { binding, monitor } = setup()
  const errors = []
  monitor.on('error', (error) => errors.push(error))
  monitor.on('leak', () => { throw undefined })
  binding.last.tell(leakRecord())
  assert.equal(errors.length, 1)
  assert.equal(errors[0].code, 'ERR_TIDEMARK_LISTENER')
  monitor.stop()
})

test('the native side is only asked for what somebody hears', () => {
  const { binding, monitor } = setup()
  monitor.start()
  assert.equal(binding.last.interest, 0)
  const listener = () => {}
  monitor.on('stats', listener)
  assert.equal(binding.last.interest, 1)
  monitor.on('gc', listener)
  assert.equal(binding.last.interest, 3)
  monitor.off('stats', listener)
  assert.equal(binding.last.interest, 2)
  monitor.stop()
})

test('diagnostics_channel hears what listeners hear', () => {
  const { binding, monitor } = setup()
  const heard = []
  const subscriber = (message) => heard.push(message)
  const channel = diagnosticsChannel.channel('tidemark:leak')
  channel.subscribe(subscriber)
  monitor.start({ evidence: [] })
  binding.last.tell(leakRecord())
  channel.unsubscribe(subscriber)
  assert.equal(heard.length, 1)
  assert.equal(heard[0].channel, 'heap')
  monitor.stop()
})

test('each event has its channel, and errors are heard there too', async () => {
  const { binding, monitor } = setup()
  const heard = []
  const subscribe = (event) => {
    const channel = diagnosticsChannel.channel(`tidemark:${event}`)
    const subscriber = (message) => heard.push([event, message])
    channel.subscribe(subscriber)
    return () => channel.unsubscribe(subscriber)
  }
  const ends = ['leak', 'recovered', 'error'].map(subscribe)
  const warned = once(process, 'warning')
  monitor.start({ evidence: [] })
  monitor.on('leak', () => { throw new Error('a bug of the app') })
  binding.last.tell(leakRecord(), leakRecord({ event: 'recovered' }))
  await warned
  for (const end of ends) end()
  assert.deepEqual(heard.map(([event, { channel, code }]) => [event, channel ?? code]), [['leak', 'heap'], ['error', 'ERR_TIDEMARK_LISTENER'], ['recovered', 'heap']])
  monitor.stop()
})

test('who follows the story of leaks hears of it before listeners, over stops and starts, and may fail', async () => {
  const { binding, monitor } = setup()
  const heard = []
  const unfollow = followLeaks(monitor, (chapter) => heard.push(chapter))
  const warned = once(process, 'warning')
  followLeaks(monitor, (chapter) => { if (chapter === 'reported') throw new Error('bug of a follower') })
  assert.equal(binding.made.length, 0, 'it does not start the monitor')
  monitor.on('leak', () => heard.push('listener'))
  binding.last.tell(leakRecord())
  assert.deepEqual(heard, ['started', 'state', 'suspected', 'reported', 'listener'])
  const [warning] = await warned
  assert.match(warning.message, /^What follows leaks failed at 'reported'\. This is a bug in tidemark\.$/)
  monitor.stop()
  monitor.start()
  assert.deepEqual(heard.slice(5), ['stopped', 'started'])
  unfollow()
  monitor.stop()
  assert.deepEqual(heard.slice(7), [])
})

test('a hook that cannot be installed is announced, and perf_hooks takes its place', () => {
  const { monitor } = setup({ hookProblem: 'this Node.js does not export _ZN2v87Isolate10GetCurrentEv' })
  monitor.start()
  const { source, problems } = monitor.status()
  assert.equal(source, 'perf_hooks')
  assert.match(problems[0], /_ZN2v87Isolate10GetCurrentEv/)
  monitor.stop()
})

test('lost records are announced', () => {
  const { monitor } = setup({ lost: 2 })
  monitor.start()
  assert.match(monitor.status().problems[0], /2 collections were not recorded/)
  monitor.stop()
})

test('status() tells the worst state of all channels', () => {
  const { monitor } = setup({
    channels: [{ channel: 'heap', state: 'steady' }, { channel: 'external', state: 'suspect' }, { channel: 'native', state: 'settling' }]
  })
  monitor.start()
  assert.equal(monitor.status().state, 'suspect')
  assert.deepEqual(monitor.status().channels.external, { state: 'suspect' })
  monitor.stop()
})

test('requests of any http server are counted where the hook can see them', async () => {
  const http = require('node:http')
  const { binding, monitor } = setup()
  monitor.start()
  const server = http.createServer((req, res) => res.end('ok')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (let i = 0; i < 3; i++) await (await fetch(`http://127.0.0.1:${server.address().port}`)).text()
  assert.equal(binding.last.counter[0], 3)
  monitor.stop()
  await (await fetch(`http://127.0.0.1:${server.address().port}`)).text()
  assert.equal(binding.last.counter[0], 3)
  server.close()
  server.closeAllConnections()
})

function statsRecord () {
  const none = { count: 0, durationMs: 0 }
  return {
    sample: { kind: 'major', atMs: 97000, durationMs: 5, usedHeapSize: 1, totalHeapSize: 2, externalMemory: 3, heapSizeLimit: 4 },
    classic: { numFullGc: 1, usageTrend: 0, estimatedBase: 0, currentBase: 1, min: 1, max: 1 },
    gc: { minor: none, major: none, incremental: none, weakcb: none, durationMs: 0 },
    state: 'steady'
  }
}
