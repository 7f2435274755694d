'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { leakPayload, recoveredPayload } = require('../lib/leak')
const { leakRecord } = require('./helpers/fake-binding')

const toDate = (ms) => new Date(Date.UTC(2026, 0, 1) + ms)
const trend = { detector: 'trend' }

test('the sentence says what, how much, how fast, how sure, how long and what next', () => {
  const { message } = leakPayload(leakRecord(), toDate, trend)
  assert.equal(message, 'The JavaScript heap leaks: 21 MB more than 1 min 37 s ago over 12 full GCs, ' +
    '13 MB/min, between 12 and 14, confidence 97 %. At this rate V8\'s heap limit is reached in 1 h. ' +
    'Next: compare two heap snapshots taken some minutes apart, or look for Maps, arrays, listeners and closures that only grow.')
})

test('all rates of a sentence have one unit', () => {
  const { message } = leakPayload(leakRecord({ status: { growthRate: 1.02e6, growthRateLow: 0.96e6, growthRateHigh: 1.1e6 } }), toDate, trend)
  assert.match(message, / 1\.0 MB\/s, between 1\.0 and 1\.1, confidence/)
})

test('where memory is allocated does not say who keeps it: the next suspect is told too', () => {
  const site = { kind: 'site', description: 'load (app.js:3) allocates what stays', evidence: [], location: null }
  const container = { kind: 'container', description: '`cache` in app.js, a Map, grew', evidence: [], location: null }
  const message = (...suspects) => leakPayload(leakRecord(), toDate, trend, suspects, 'x').message
  assert.match(message(site, container), /Most likely: load \(app\.js:3\) allocates what stays\. Or: `cache` in app\.js, a Map, grew\.$/)
  assert.doesNotMatch(message(container, site), / Or: /)
  assert.doesNotMatch(message(site, site), / Or: /)
})

test("memwatch's fields are there, in memwatch's words", () => {
  const run = { startMs: 0, endMs: 97000, growth: 329733, consecutive: 5 }
  const leak = leakPayload(leakRecord({ run }), toDate, { detector: 'memwatch' })
  assert.ok(leak.start instanceof Date && leak.end instanceof Date)
  assert.equal(leak.end - leak.start, 97000)
  assert.equal(leak.growth, 329733)
  assert.equal(leak.growthRateInterval, null)
  assert.equal(leak.confidence, null)
  assert.equal(leak.reason, 'heap growth over 5 consecutive GCs (1m 37s) - 11.67 mb/hr')
})

test('over no time there is no rate', () => {
  const run = { startMs: 5, endMs: 5, growth: 4096, consecutive: 5 }
  const leak = leakPayload(leakRecord({ run, status: { growthRate: undefined, growthRateLow: undefined, timeToLimitMs: undefined, limit: undefined } }), toDate, { detector: 'memwatch' })
  assert.equal(leak.reason, 'heap growth over 5 consecutive GCs (0s)')
  assert.equal(leak.growthRate, null)
  assert.equal(leak.timeToLimit, null)
  assert.doesNotMatch(leak.message, /NaN|Infinity|undefined|null/)
})

test('a limit that is reached already is reached now', () => {
  assert.match(leakPayload(leakRecord({ status: { timeToLimitMs: 0, limit: 'cgroup' } }), toDate, trend).message, /the memory limit of the container is reached now\./)
})

test('growth beyond 32 bits stays right', () => {
  const run = { startMs: 0, endMs: 3600000, growth: 6 * 2 ** 30, consecutive: 5 }
  assert.match(leakPayload(leakRecord({ run }), toDate, { detector: 'memwatch' }).reason, /\(1h\) - 6144\.00 mb\/hr$/)
})

test('each channel has its own words, and handles are not bytes', () => {
  for (const channel of ['external', 'native']) {
    const leak = leakPayload(leakRecord({ status: { channel } }), toDate, trend)
    assert.equal(leak.signature, `tidemark:${channel}`)
    assert.match(leak.message, /21 MB more/)
  }
  const { message, reason } = leakPayload(leakRecord({
    status: { channel: 'resources', growth: 312.4, growthRate: 3.2, growthRateLow: 3, growthRateHigh: 3.5, timeToLimitMs: undefined, limit: undefined }
  }), toDate, trend)
  assert.match(message, /312 handles more .* 192\.0\/min, between 180\.0 and 210\.0/)
  assert.doesNotMatch(reason, /mb|kb|bytes/)
})

test("a leak and its end serialise to JSON with nothing missing", () => {
  const leak = JSON.parse(JSON.stringify(leakPayload(leakRecord(), toDate, trend)))
  for (const name of ['start', 'end', 'growth', 'reason', 'channel', 'growthRate', 'confidence', 'timeToLimit', 'limit', 'signature', 'suspects', 'message']) {
    assert.ok(name in leak, name)
  }
  const recovered = recoveredPayload(leakRecord({ event: 'recovered' }), toDate)
  assert.match(recovered.message, /no longer leaks.*now stands at 50 MB/)
})

test('a place that allocates says that nobody knows what holds it, and what was not looked at', () => {
  const site = { kind: 'site', key: 'app.js:remember', description: 'remember (app.js:14) allocates what stays', location: { file: '/app/app.js', line: 14, column: 1, function: 'remember' }, evidence: [] }
  const payload = (suspects) => leakPayload(leakRecord(), (ms) => new Date(ms), { detector: 'trend' }, suspects).message
  assert.match(payload([site]), /Most likely: remember \(app\.js:14\) allocates what stays; what holds it is not known\. Not looked at: what waits for a promise, /)
  const held = { kind: 'container', description: '`kept` in app.js grew' }
  assert.doesNotMatch(payload([{ ...site, evidence: [held] }]), /not known|Not looked at/)
  assert.doesNotMatch(payload([{ ...site, ...held, location: null }]), /not known|Not looked at/)
})
