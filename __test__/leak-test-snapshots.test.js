'use strict'

const assert = require('node:assert/strict')
const { Session } = require('node:inspector')
const { test } = require('node:test')
const vm = require('node:vm')
const { loadBinding } = require('../lib/binding')
const { Meter } = require('../lib/leak-test/meter')
const { Snapshots } = require('../lib/leak-test/snapshots')

const CALLS = 1000

/** Whether what was called between two snapshots added nothing but what V8 has for itself. */
async function onlyV8Grew (fn) {
  const binding = loadBinding()
  const meter = new Meter(binding)
  const snapshots = new Snapshots(binding)
  // The first of a process leaves a buffer behind.
  await new Snapshots(binding).take()
  await meter.read()
  await snapshots.take()
  for (let i = 0; i < CALLS; i++) fn(i)
  await meter.read()
  await snapshots.take(CALLS)
  return snapshots.onlyV8Grew(4)
}

test('code that is compiled as it runs for the first time is no growth of what is kept', async () => {
  const source = Array.from({ length: CALLS }, (_, i) => `(list) => { let sum = ${i}; for (const each of list) sum += each * ${i}; return sum }`)
  const functions = new Function(`return [${source.join(',')}]`)()
  assert.equal(await onlyV8Grew((i) => functions[i]([i])), true)
})

test('the table of a WeakMap is none, which stays as large as it was with keys that are dead', async () => {
  const details = new WeakMap()
  assert.equal(await onlyV8Grew((i) => { details.set({ i }, i) }), true)
  const keys = []
  assert.equal(await onlyV8Grew((i) => { details.set(keys[keys.push({ i }) - 1], i) }), false)
})

test('a WeakMap that only became larger is no suspect', async () => {
  const binding = loadBinding()
  const meter = new Meter(binding)
  const snapshots = new Snapshots(binding)
  globalThis.details = new WeakMap()
  const kept = globalThis.kept = new Map()
  await meter.read()
  await snapshots.take()
  for (let i = 0; i < CALLS; i++) { globalThis.details.set({ i }, i); kept.set(i, { i }) }
  await meter.read()
  await snapshots.take(CALLS)
  const grown = await snapshots.grown()
  assert.equal(snapshots.grewWeak, true)
  assert.deepEqual(grown.filter(({ own }) => !own).map((each) => each.holder.split(' ')[0]), ['Map'])
})

test('where a holder stands is known while coverage is counted, as Jest has V8 do it', async () => {
  const session = new Session()
  session.connect()
  for (const method of ['Debugger.enable', 'Profiler.enable', 'Profiler.startPreciseCoverage']) session.post(method, { callCount: true, detailed: true })
  try {
    const binding = loadBinding()
    const snapshots = new Snapshots(binding)
    const visit = vm.runInThisContext('(() => { const visits = new Map(); return (i) => { visits.set(i, { i }) } })()', { filename: '/visits.js' })
    await snapshots.take()
    for (let i = 0; i < CALLS; i++) visit(i)
    await snapshots.take(CALLS)
    const grown = (await snapshots.grown()).find(({ holder }) => holder.includes('`visits`'))
    assert.equal(grown?.location?.file, '/visits.js')
  } finally {
    session.disconnect()
  }
})

test('objects, and memory beside the heap, are', async () => {
  const kept = []
  assert.equal(await onlyV8Grew((i) => { kept.push({ i }) }), false)
  assert.equal(await onlyV8Grew((i) => { kept.push(Buffer.allocUnsafeSlow(64)) }), false)
})
