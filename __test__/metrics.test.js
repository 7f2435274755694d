'use strict'

const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const { after, test } = require('node:test')
const prometheus = require('../lib/metrics/prometheus')
const { FAMILIES } = require('../lib/metrics/families')
const { Reader } = require('../lib/metrics/reader')
const { metricsText } = require('../lib/metrics/text')
const { Monitor } = require('../lib/monitor')
const tidemark = require('..')
const { createFakeBinding, leakRecord } = require('./helpers/fake-binding')

/** @prometheus-io/client is for Node.js 22 and later. */
const CLIENTS = ['prom-client', ...Number.parseInt(process.versions.node, 10) >= 22 ? ['@prometheus-io/client'] : []]

after(() => tidemark.stop())

function followed () {
  const binding = createFakeBinding({ channels: [{ channel: 'heap', state: 'leaking', level: 50e6, growth: 20e6, growthRate: 1000, limit: 'heap', timeToLimitMs: 60000 }] })
  const status = binding.Watch.prototype.status
  binding.Watch.prototype.status = function () {
    const none = { count: 0, durationMs: 0 }
    return { ...status.call(this), gc: { minor: none, major: none, incremental: none, weakcb: none }, cost: { callbacks: 0, ownMemory: 1000 }, memory: { rss: 9e7, usedHeapSize: 5e7, externalMemory: 1e6, heapSizeLimit: 4e9 } }
  }
  const monitor = new Monitor(binding)
  monitor.start({ evidence: [] })
  return { binding, monitor, reader: new Reader(monitor) }
}

const linesOf = (text, name) => text.split('\n').filter((line) => line.startsWith(name))

test('a leak is active from its report to its end, and what is not known is left out', async () => {
  const { binding, monitor, reader } = followed()
  // What is read stands until the end of the turn.
  const read = async () => metricsText(reader)
  const before = await read()
  assert.deepEqual(linesOf(before, 'tidemark_leak_active'), [])
  assert.deepEqual(linesOf(before, 'tidemark_memory_bytes{kind="native"'), [], 'not known')
  assert.deepEqual(linesOf(before, 'tidemark_time_to_limit_seconds'), ['tidemark_time_to_limit_seconds{limit="heap"} 60'])
  assert.deepEqual(linesOf(before, 'tidemark_growth_bytes_per_second'), ['tidemark_growth_bytes_per_second{channel="heap"} 1000'])

  binding.last.tell(leakRecord())
  assert.deepEqual(linesOf(await read(), 'tidemark_leak_active'), ['tidemark_leak_active{channel="heap",signature="tidemark:heap"} 1'])
  const late = new Reader(monitor)
  assert.equal(late.read().leaks.length, 1, 'who comes later knows of it too')

  binding.last.tell(leakRecord({ event: 'recovered' }))
  assert.deepEqual(linesOf(await read(), 'tidemark_leak_active'), ['tidemark_leak_active{channel="heap",signature="tidemark:heap"} 0'])

  monitor.stop()
  assert.equal(await read(), '', 'nothing is known of what is not watched')
})

test('of many leaks the newest 8 stay, and none that goes on is left out', () => {
  const { monitor, reader } = followed()
  const { Publisher } = require('../lib/publish')
  const publisher = new Publisher(monitor)
  publisher.tell('reported', { channel: 'native', signature: 'the first' })
  for (let i = 0; i < 20; i++) {
    publisher.tell('reported', { channel: 'heap', signature: `leak ${i}` })
    publisher.tell('recovered', { channel: 'heap', signature: `leak ${i}` })
  }
  const { leaks } = reader.read()
  assert.equal(leaks.length, 8)
  assert.deepEqual(leaks[0], { channel: 'native', signature: 'the first', isActive: true })
  assert.equal(leaks.at(-1).signature, 'leak 19')
  monitor.stop()
})

test('labels that could break a line do not', () => {
  const { monitor, reader } = followed()
  const { Publisher } = require('../lib/publish')
  new Publisher(monitor).tell('reported', { channel: 'heap', signature: 'a "b"\n# TYPE c \\' })
  assert.ok(metricsText(reader).includes('signature="a \\"b\\"\\n# TYPE c \\\\"} 1\n'))
  monitor.stop()
})

test('the text is what promtool accepts, and counts are those of the hook', async (t) => {
  tidemark.start({ memoryLimit: '1g' })
  tidemark.gc()
  for (let i = 0; i < 50; i++) tidemark.gc()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const text = tidemark.metricsText()
  const { gc } = tidemark.status()
  assert.ok(gc.major.count >= 50)
  for (const kind of ['minor', 'major', 'incremental', 'weakcb']) {
    assert.ok(text.includes(`\ntidemark_gc_total{kind="${kind}"} ${gc[kind].count}\n`), kind)
  }
  assert.ok(text.includes('tidemark_limit_bytes{limit="memoryLimit"} 1073741824\n'))
  assert.throws(() => tidemark.metricsText({ format: 'json' }), { code: 'ERR_TIDEMARK_OPTION' })
  const open = tidemark.metricsText({ format: 'openmetrics' })
  assert.ok(open.endsWith('\n# EOF\n'))
  assert.ok(open.includes('# TYPE tidemark_gc counter\ntidemark_gc_total{kind="minor"} '))
  const promtool = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' })
  if (promtool.error?.code === 'ENOENT') t.diagnostic('promtool is not installed (Debian: prometheus): not checked by it')
  else assert.deepEqual({ status: promtool.status, said: promtool.stdout + promtool.stderr }, { status: 0, said: '' })
})

for (const name of CLIENTS) {
  test(`${name}: all metrics in both formats beside its own, and none after unregister()`, async () => {
    const client = require(name)
    const registry = new client.Registry()
    client.collectDefaultMetrics({ register: registry })
    const before = registry.getMetricsAsArray().length
    const metrics = prometheus({ register: registry })
    assert.equal(registry.getMetricsAsArray().length, before + FAMILIES.length)

    tidemark.gc()
    const shown = await registry.metrics()
    assert.equal(seriesOf(shown), seriesOf(tidemark.metricsText()))
    registry.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE)
    const open = await registry.metrics()
    assert.match(open, /# TYPE tidemark_gc counter\ntidemark_gc_total\{kind="minor"\} \d/)
    assert.doesNotMatch(open, /_total_total/)

    assert.throws(() => prometheus({ register: registry }), (error) => error.code === 'ERR_TIDEMARK_METRICS' && /tidemark_gc_total cannot be registered/.test(error.message))
    assert.equal(registry.getMetricsAsArray().length, before + FAMILIES.length, 'a second try takes nothing away')
    metrics.unregister()
    assert.equal(registry.getMetricsAsArray().length, before)
  })

  test(`${name}: the workers of a cluster add up, and the nearest limit is the cluster's`, async () => {
    const client = require(name)
    const registry = new client.Registry()
    const metrics = prometheus({ register: registry })
    const json = await registry.getMetricsAsJSON()
    metrics.unregister()
    const clone = structuredClone(json)
    const set = (metric, value, labels) => { metric.values = [{ value, labels }] }
    for (const [list, value] of [[json, 600], [clone, 60]]) {
      set(list.find(({ name }) => name === 'tidemark_time_to_limit_seconds'), value, { limit: 'heap' })
      set(list.find(({ name }) => name === 'tidemark_leak_active'), value === 60 ? 1 : 0, { channel: 'heap', signature: 's' })
      set(list.find(({ name }) => name === 'tidemark_heap_after_gc_bytes'), value, {})
    }
    const text = await (client.AggregatorRegistry ?? client.ClusterRegistry).aggregate([json, clone]).metrics()
    assert.match(text, /tidemark_time_to_limit_seconds\{limit="heap"\} 60\n/)
    assert.match(text, /tidemark_leak_active\{channel="heap",signature="s"\} 1\n/)
    assert.match(text, /tidemark_heap_after_gc_bytes 660\n/)
  })
}

/** Names and labels, without the values. */
function seriesOf (text) {
  return text.split('\n').filter((line) => line.startsWith('tidemark_')).map((line) => line.slice(0, line.lastIndexOf(' '))).sort().join('\n')
}

test('with no registry given, the client that is loaded is used; none and two are said', () => {
  const run = (script) => execFileSync(process.execPath, ['-e', script], { cwd: __dirname, encoding: 'utf8', timeout: 30000 }).trim()
  const tried = "try { require('../lib/metrics/prometheus')() } catch (error) { console.log(error.code, error.message) }"
  assert.match(run(tried), /^ERR_TIDEMARK_METRICS Neither prom-client nor @prometheus-io\/client is loaded\. Say which registry/)
  assert.equal(run(`const { register } = require('prom-client'); const { unregister } = require('../lib/metrics/prometheus')(); console.log(register.getMetricsAsArray().length); unregister()`), String(FAMILIES.length))
  if (CLIENTS.length === 2) assert.match(run(`require('prom-client'); require('@prometheus-io/client'); ${tried}`), /^ERR_TIDEMARK_METRICS More than one Prometheus client is loaded: /)
  assert.throws(() => prometheus({ register: {} }), { code: 'ERR_TIDEMARK_OPTION' })
})

test('what is registered keeps the monitor running, and a process can end', () => {
  const program = `
    const { Registry } = require('prom-client')
    const metrics = require('../lib/metrics/prometheus')({ register: new Registry() })
    const tidemark = require('..')
    console.log(tidemark.status().running)
    tidemark.start({ memoryLimit: 1e9 })
    console.log(tidemark.status().running)
    tidemark.stop()
    metrics.unregister()
    console.log(tidemark.status().running)`
  assert.equal(execFileSync(process.execPath, ['-e', program], { cwd: __dirname, encoding: 'utf8', timeout: 30000 }), 'true\ntrue\nfalse\n')
})
