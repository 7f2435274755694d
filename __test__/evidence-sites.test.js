'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { result } = require('./helpers/child')
const { allocatedBytes, intervalFor, LEAST_INTERVAL, MOST_INTERVAL } = require('../lib/evidence/sites/allocation-rate')
const { toFindings } = require('../lib/evidence/sites/finding')
const { growthBySite } = require('../lib/evidence/sites/growth')
const { Stacks } = require('../lib/evidence/sites/stacks')
const { SiteEvidence } = require('../lib/evidence/sites')
const { Pauses } = require('../lib/pauses')

const APP = path.resolve('app.js')
const MODULES = path.resolve('node_modules')

/** A stack, the innermost first: 'app store 14', 'pkg express next 3', 'node listen', 'builtin map'. */
function frame (text) {
  const [owner, ...rest] = text.split(' ')
  const line = Number(rest.at(-1)) - 1
  const named = (name) => name === '-' ? '' : name
  switch (owner) {
    case 'app': return { url: APP, functionName: named(rest[0]), lineNumber: line, columnNumber: 4 }
    case 'pkg': return { url: path.join(MODULES, rest[0], 'index.js'), functionName: named(rest[1]), lineNumber: line, columnNumber: 0 }
    case 'node': return { url: 'node:http', functionName: rest[0], lineNumber: 0, columnNumber: 0 }
    default: return { url: '', functionName: rest[0], lineNumber: -1, columnNumber: -1 }
  }
}

/**
 * Profiles as V8 gives them, of samples told as [ordinal, size, stack].
 * @param {[number, number, string[]][][]} taken
 */
function profiles (...taken) {
  const head = { id: 1, callFrame: { functionName: '(root)', url: '', scriptId: '0', lineNumber: -1, columnNumber: -1 }, selfSize: 0, children: [] }
  let lastId = 1
  const nodeOf = (stack) => stack.reduceRight((node, text) => {
    const callFrame = { scriptId: '1', ...frame(text) }
    let child = node.children.find((each) => JSON.stringify(each.callFrame) === JSON.stringify(callFrame))
    if (child === undefined) node.children.push(child = { id: ++lastId, callFrame, selfSize: 0, children: [] })
    return child
  }, head)
  return taken.map((samples) => ({ head, samples: samples.map(([ordinal, size, stack]) => ({ ordinal, size, nodeId: nodeOf(stack).id })) }))
}

function findings (...taken) {
  const read = profiles(...taken)
  const stacks = new Stacks()
  for (const profile of read) stacks.read(profile)
  const last = read.at(-1)
  return toFindings(growthBySite(stacks, read.length > 1 ? read[0] : null, last), stacks, 30000)
}

/** One sample each `step` ordinals in [from, to]. */
function samples (from, to, step, stack, size = 1000) {
  const list = []
  for (let ordinal = from; ordinal <= to; ordinal += step) list.push([ordinal, size, stack])
  return list
}

const STORE = ['app store 14', 'app handler 10', 'node emit']
const CACHE = ['app remember 30', 'app handler 10', 'node emit']

test('of two functions the one whose old allocations stay comes before the one with more that is young', () => {
  const [first, ...rest] = findings(
    [...samples(1, 300, 10, STORE), ...samples(200, 300, 1, CACHE)],
    [...samples(1, 1000, 10, STORE), ...samples(700, 1000, 1, CACHE)]
  )
  assert.equal(first.key, 'app.js:store')
  assert.ok(first.confidence > 0.9, `${first.confidence}`)
  assert.ok(rest.every(({ confidence }) => confidence < 0.3), JSON.stringify(rest))
})

test('what is in flight is no finding', () => {
  const found = findings([...samples(1, 300, 10, STORE)], [...samples(1, 1000, 10, STORE), ...samples(900, 1000, 1, CACHE)])
  assert.deepEqual(found.map(({ key }) => key), ['app.js:store'])
})

test('what was allocated once is less certain than what goes on', () => {
  const [even, once] = findings([...samples(1, 1000, 10, STORE, 2000), ...samples(1, 75, 1, CACHE)])
  assert.equal(once.key, 'app.js:remember')
  assert.ok(once.confidence < even.confidence / 2, `${once.confidence} beside ${even.confidence}`)
})

test('the growth of an even leak is what all of it holds', () => {
  const [{ growth, bytes }] = findings(samples(1, 1000, 10, STORE), samples(1, 4000, 10, STORE))
  assert.equal(bytes, 400000)
  assert.ok(Math.abs(growth / 400000 - 1) < 0.02, `${growth}`)
})

test('fewer than three survivors are chance', () => {
  assert.deepEqual(findings(samples(1, 1000, 600, STORE)), [])
  assert.deepEqual(findings([]), [])
})

test('there are never more than ten findings', () => {
  const many = Array.from({ length: 40 }, (_, i) => samples(1, 1000, 20, [`app f${i} ${i + 1}`])).flat()
  assert.equal(findings(many).length, 10)
})

test('the site is the nearest function of the application, and the package that it called is told', () => {
  const [found] = findings(samples(1, 1000, 10, ['node write', 'pkg store set 9', ...STORE]))
  assert.equal(found.key, 'app.js:store')
  assert.deepEqual(found.location, { file: APP, line: 14, column: 5, function: 'store' })
  assert.equal(found.evidence[0].below, 'set (index.js:9) of store')
  assert.match(found.description, /^store \(app\.js:14\) allocates what stays: [\d.]+ kB of what it allocated in the last 30 s is still live, 100 % of all that stayed$/)
  assert.ok(found.links.includes(`function:${APP}:14:5`))
  assert.ok(found.links.includes(`function:${APP}:10:5`))
  assert.ok(found.links.includes(`file:${APP}`))
})

test('a middleware that only called next() is neither the site nor linked', () => {
  const [found] = findings(samples(1, 1000, 10, ['pkg session generate 3', 'pkg router next 5', 'app logger 2', 'pkg router next 5', 'node emit']))
  assert.equal(found.key, 'session')
  assert.deepEqual(found.links, [`file:${path.join(MODULES, 'session', 'index.js')}`])
})

test("a store's dispatch() is not a chain's, which also called the middleware", () => {
  const [store] = findings(samples(1, 1000, 10, ['pkg redux dispatch 5', ...STORE]))
  assert.equal(store.key, 'app.js:store')
  const [chain] = findings(samples(1, 1000, 10, ['pkg session load 3', 'pkg koa-compose dispatch 5', 'app logger 2', 'pkg koa-compose dispatch 5']))
  assert.equal(chain.key, 'session')
})

test('a nameless callback of a builtin belongs to the function around it', () => {
  const [found] = findings(samples(1, 1000, 10, ['app - 16', 'builtin map', ...STORE]))
  assert.equal(found.key, 'app.js:store')
  const [apart] = findings(samples(1, 1000, 10, ['app - 16', 'node listOnTimeout']))
  assert.equal(apart.key, 'app.js:(anonymous):16')
})

test('a package that allocates for many functions of the application is itself the site', () => {
  const save = (i) => samples(i, 1000, 10, ['pkg session save 7', `app route${i} ${i}`, 'node emit'])
  const [found, ...rest] = findings([...save(1), ...save(2), ...save(3), ...save(4)])
  assert.equal(found.key, 'session')
  assert.match(found.description, /^save \(index\.js:7\) of session, for 4 functions of the app, allocates what stays: /)
  assert.deepEqual(rest, [])
})

test("what has no code of anybody's on its stack is Node.js' own, and weighs little", () => {
  const [found] = findings(samples(1, 1000, 10, ['node parse', 'builtin f']))
  assert.equal(found.key, 'node:internal')
  assert.equal(found.location, null)
  assert.ok(found.weight < 0.2)
})

test('a finding is JSON all the way down, however deep the stack', () => {
  const deep = Array.from({ length: 120 }, (_, i) => `app f${i} ${i + 1}`)
  const found = findings(samples(1, 1000, 10, deep))
  assert.deepEqual(JSON.parse(JSON.stringify(found)), found)
  assert.ok(found[0].evidence[0].stack.length <= 30)
  assert.ok(found[0].links.length <= 17)
})

test('the rate of allocation counts what was allocated between collections', () => {
  const gc = (before, after) => ({ beforeGC: { heapStatistics: { usedHeapSize: before } }, afterGC: { heapStatistics: { usedHeapSize: after } } })
  assert.equal(allocatedBytes(100, [gc(160, 20), gc(90, 30)], 50), 60 + 70 + 20)
  assert.equal(allocatedBytes(100, [], 90), 0)
})

test('the interval follows the rate of allocation, within bounds', () => {
  assert.equal(intervalFor(0), LEAST_INTERVAL)
  assert.equal(intervalFor(1e12), MOST_INTERVAL)
  assert.equal(intervalFor(128 * 1024 * 1000), 128 * 1024)
})

/** SiteEvidence with a profiler that the test holds in its hands. */
function faked (means) {
  const fake = { started: [], stopped: 0, taken: 0, ageMs: 0, problem: undefined, measure: null, samples: samples(1, 1000, 10, STORE), collects: true, expectedMs: 10 }
  const startSampler = (intervalBytes, { yields }) => {
    fake.started.push(intervalBytes)
    fake.yields = yields
    return {
      sampler: {
        intervalBytes,
        get ageMs () { return fake.ageMs },
        get collects () { return fake.collects },
        get expectedMs () { return fake.expectedMs },
        check: () => fake.problem,
        take () {
          fake.taken += 1
          return profiles(fake.samples)[0]
        },
        stop () { fake.stopped += 1 }
      }
    }
  }
  const rate = { measure (done) { fake.measure = (bytesPerSecond) => done(bytesPerSecond) }, stop () {} }
  const evidence = new SiteEvidence(means, { rate, startSampler })
  return { evidence, fake }
}

test('sampling begins when the rate is known, and not before', () => {
  const { evidence, fake } = faked()
  evidence.start()
  assert.deepEqual(fake.started, [])
  fake.measure(64 * 1024 * 1000)
  assert.deepEqual(fake.started, [64 * 1024])
})

test('the first profile comes with a full GC, and not where it would take too long', async () => {
  for (const [expectedMs, taken] of [[40, 1], [60, 0]]) {
    const pauses = new Pauses(50)
    const { evidence, fake } = faked({ pauses })
    fake.expectedMs = expectedMs
    evidence.start()
    fake.measure(1e8)
    evidence.tick(1, { fullGcs: 1 })
    fake.ageMs = 9000
    evidence.tick(2, { fullGcs: 1 })
    assert.equal(fake.taken, 0)
    evidence.tick(3, { fullGcs: 2 })
    assert.equal(fake.taken, taken)
    await evidence.findings()
    assert.equal(pauses.problems.length, 1 - taken)
    evidence.stop()
  }
})

test('profiles that get large end the sampling with an answer, and a coarser one begins', async () => {
  const { evidence, fake } = faked({ pauses: new Pauses(50) })
  evidence.start()
  fake.measure(1e8)
  fake.ageMs = 15000
  evidence.tick(1, { fullGcs: 1 })
  fake.expectedMs = 45
  evidence.tick(2, { fullGcs: 1 })
  await sleep(20)
  assert.equal(fake.taken, 2)
  assert.equal(fake.started[1], 4 * fake.started[0])
  const [found] = await evidence.findings()
  assert.equal(found.key, 'app.js:store')
  evidence.stop()
})

test('a profile without a GC asks for one where most was sampled since the last, and waits for it', async () => {
  let sinceFullGc = 15000
  let asked = 0
  const collect = () => {
    asked++
    setTimeout(() => { sinceFullGc = 0 }, 100)
    return true
  }
  const alive = setInterval(() => {}, 1000)
  const { evidence, fake } = faked({ sinceFullGc: () => sinceFullGc, collect })
  fake.collects = false
  fake.ageMs = 16000
  evidence.start()
  fake.measure(1e8)
  const [found] = await evidence.findings()
  assert.equal(found.key, 'app.js:store')
  assert.equal(asked, 1)
  assert.equal(sinceFullGc, 0)
  evidence.stop()
  clearInterval(alive)
})

test('what was sampled since the last full GC does not count, where none may be asked for', async () => {
  const { evidence, fake } = faked({ sinceFullGc: () => 8000, collect: () => false })
  fake.collects = false
  fake.ageMs = 16000
  // Half as many that stay, and much garbage that nobody collected yet.
  fake.samples = [...samples(1, 500, 10, STORE), ...samples(501, 1000, 5, ['app handler 40'])]
  evidence.start()
  fake.measure(1e8)
  const found = await evidence.findings()
  assert.deepEqual(found.map(({ key }) => key), ['app.js:store'])
  evidence.stop()
})

test('questions in short succession cost one profile', async () => {
  const { evidence, fake } = faked()
  evidence.start()
  fake.measure(1e8)
  const [one, other] = [await evidence.findings(), await evidence.findings()]
  assert.equal(one[0].key, 'app.js:store')
  assert.deepEqual(other, one)
  assert.equal(fake.taken, 1)
})

test('sampling ends after five minutes, and pauses longer each time', () => {
  const { evidence, fake } = faked()
  evidence.start()
  fake.measure(1e8)
  fake.ageMs = 5 * 60000
  evidence.tick(0, { fullGcs: 1, level: 1 })
  assert.equal(fake.stopped, 1)
  fake.measure = null
  evidence.tick(9 * 60000, { fullGcs: 1, level: 1 })
  assert.equal(fake.measure, null)
  evidence.tick(11 * 60000, { fullGcs: 1, level: 1 })
  fake.measure(1e8)
  evidence.tick(12 * 60000, { fullGcs: 1, level: 1 })
  fake.measure = null
  evidence.tick(23 * 60000, { fullGcs: 1, level: 1 })
  assert.equal(fake.measure, null, 'the second pause is longer')
  evidence.tick(33 * 60000, { fullGcs: 1, level: 1 })
  assert.notEqual(fake.measure, null)
})

test('a debugger that comes has the profiler at once', async () => {
  const { evidence, fake } = faked()
  evidence.start()
  fake.measure(1e8)
  fake.problem = 'The inspector is open.'
  evidence.tick(1, { fullGcs: 1, level: 1 })
  assert.equal(fake.stopped, 1)
  assert.deepEqual(evidence.problems, ['Allocation sites are not sampled: the inspector is open.'])
  assert.deepEqual(await evidence.findings(), [])
})

test('after stop() nothing goes on, whatever was under way', () => {
  const { evidence, fake } = faked()
  evidence.start()
  fake.measure(1e8)
  evidence.stop()
  evidence.stop()
  evidence.tick(1e9, { fullGcs: 9, level: 1 })
  assert.equal(fake.started.length, 1)
  assert.equal(fake.stopped, 1)
})

test('the function that leaks is found beside garbage, a cache and a start', async () => {
  const { findings: [found], problems, cost } = await result('sites-leak.js')
  assert.equal(found.location.function, 'leakyStore')
  assert.ok(found.confidence > 0.5)
  assert.deepEqual(problems, [])
  assert.ok(cost.durationMs > 0)
})

test('it is found without V8\'s own functions, too', async () => {
  const { findings: [found], problems } = await result('sites-leak.js', { args: ['no binding'] })
  assert.equal(found.location.function, 'leakyStore')
  assert.deepEqual(problems, [])
})

test('an app that stops the profiler ends the sampling, and is told', async () => {
  const { problems } = await result('sites-leak.js', { args: ['app stops the profiler'] })
  assert.deepEqual(problems, ['Allocation sites are not sampled: somebody else stopped the heap profiler.'])
})

test('a debugger that comes while sampling ends it', async () => {
  const { findings, problems } = await result('sites-leak.js', { args: ['debugger comes'] })
  assert.deepEqual(findings, [])
  assert.match(problems.join(), /open for a debugger/)
})

test('a profile that is taken meanwhile has the profiler, and the evidence comes back to it', async () => {
  const { findings: [found], problems } = await result('sites-leak.js', { args: ['profile is taken'] })
  assert.equal(found.location.function, 'leakyStore')
  assert.deepEqual(problems, [])
})

test('an app that samples its heap itself keeps its samples', async () => {
  const { findings, problems, code, appsSamples } = await result('sites-busy.js')
  assert.deepEqual(findings, [])
  assert.match(problems.join(), /the app uses V8's sampling heap profiler itself/)
  assert.equal(code, 'ERR_TIDEMARK_PROFILE_BUSY')
  assert.ok(appsSamples > 0)
})

test('--heap-prof is not disturbed', async () => {
  const { mkdtempSync, readdirSync, rmSync } = require('node:fs')
  const folder = mkdtempSync(path.join(require('node:os').tmpdir(), 'tidemark-'))
  const { problems } = await result('sites-without-inspector.js', { nodeArgs: ['--heap-prof', `--heap-prof-dir=${folder}`] })
  assert.match(problems.join(), /started with --heap-prof/)
  assert.equal(readdirSync(folder).filter((file) => file.endsWith('.heapprofile')).length, 1)
  rmSync(folder, { recursive: true })
})

test('a Node.js without the inspector has no sites, and says so', async () => {
  const { findings, problems, code, message } = await result('sites-without-inspector.js')
  assert.deepEqual(findings, [])
  assert.deepEqual(problems, ['Allocation sites are not sampled: this Node.js was built without the inspector.'])
  assert.equal(code, 'ERR_TIDEMARK_PROFILE_UNAVAILABLE')
  assert.match(message, /built without the inspector/)
})

test('what the app logs while it is sampled does not stay', async () => {
  const { after, problems } = await result('sites-console.js', { nodeArgs: ['--expose-gc'] })
  assert.equal(after, 0)
  assert.deepEqual(problems, [])
})

test('workers may end at any moment of the sampling', async () => {
  const { survived } = await result('sites-workers.js')
  assert.equal(survived, true)
})

test('sampling keeps no process alive', async () => {
  const { ends } = await result('sites-exits.js', { deadlineMs: 20000 })
  assert.equal(ends, true)
})
