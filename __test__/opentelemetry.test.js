'use strict'

const assert = require('node:assert/strict')
const { createServer } = require('node:http')
const { after, test } = require('node:test')
const { LoggerProvider, InMemoryLogRecordExporter, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs')
const { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics')
const { OTLPLogExporter } = require('@opentelemetry/exporter-logs-otlp-http')
const { OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-http')
const opentelemetry = require('../lib/metrics/opentelemetry')
const { leakPayload, recoveredPayload } = require('../lib/leak')
const { Publisher } = require('../lib/publish')
const tidemark = require('..')
const { leakRecord } = require('./helpers/fake-binding')

after(() => tidemark.stop())

const SUSPECT = {
  kind: 'container',
  description: 'Map `sessions` in app.js grew from 10 to 5,000 entries',
  evidence: [],
  location: { file: '/srv/app.js', line: 12, column: 3, function: null },
  confidence: 0.9
}
const leak = leakPayload(leakRecord(), (ms) => new Date(ms), { detector: 'trend' }, [SUSPECT], 'tidemark:heap:container:app.js:sessions')
const recovered = recoveredPayload(leakRecord(), (ms) => new Date(ms), 'tidemark:heap:container:app.js:sessions')

function memoryMeter () {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3600000 })
  const provider = new MeterProvider({ readers: [reader] })
  /** @returns the newest value of each metric, by name */
  const read = async () => {
    exporter.reset()
    await reader.forceFlush()
    const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics)
    return new Map(metrics.map(({ descriptor, dataPoints }) => [descriptor.name, { descriptor, dataPoints }]))
  }
  return { meter: provider.getMeter('test'), read, shutdown: () => provider.shutdown() }
}

function memoryLogger () {
  const exporter = new InMemoryLogRecordExporter()
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
  return { logger: provider.getLogger('test'), records: () => exporter.getFinishedLogRecords(), shutdown: () => provider.shutdown() }
}

test('metrics have their names, units and attributes; what is not known has no data', async (t) => {
  const { meter, read, shutdown } = memoryMeter()
  const ours = opentelemetry({ meter })
  tidemark.gc()
  tidemark.gc()
  await new Promise((resolve) => setTimeout(resolve, 50))
  new Publisher(tidemark).tell('reported', leak)
  const metrics = await read()
  assert.equal(metrics.get('tidemark.heap.used_after_last_gc').descriptor.unit, 'By')
  assert.equal(metrics.get('tidemark.heap.used_after_last_gc').dataPoints[0].value, tidemark.status().channels.heap.level)
  const [{ attributes, value }] = metrics.get('tidemark.leak.active').dataPoints
  assert.deepEqual({ attributes, value }, { attributes: { 'tidemark.channel': 'heap', 'tidemark.signature': leak.signature }, value: 1 })
  assert.equal(metrics.get('tidemark.time_to_limit')?.dataPoints.length ?? 0, 0, 'nothing grows towards a limit')
  assert.ok([...metrics.keys()].every((name) => name.startsWith('tidemark.')), 'the runtime is asked for by name')
  new Publisher(tidemark).tell('recovered', recovered)
  assert.equal((await read()).get('tidemark.leak.active').dataPoints[0].value, 0)
  ours.stop()
  assert.equal(tidemark.status().running, false)
  // The SDK goes on to tell what it was told last.
  t.mock.method(tidemark, 'status', () => assert.fail('nobody asks after stop()'))
  await read()
  assert.equal(tidemark.status.mock.callCount(), 0)
  await shutdown()
})

test('with `runtime` the names of the semantic conventions', async () => {
  const { meter, read, shutdown } = memoryMeter()
  const ours = opentelemetry({ meter, runtime: true })
  tidemark.gc()
  await new Promise((resolve) => setTimeout(resolve, 50))
  const metrics = await read()
  const duration = metrics.get('v8js.gc.duration')
  assert.equal(duration.descriptor.unit, 's')
  const major = duration.dataPoints.find(({ attributes }) => attributes['v8js.gc.type'] === 'major')
  assert.ok(major.value.count >= 1 && major.value.sum < 10, 'in seconds')
  assert.deepEqual(major.value.buckets.boundaries.slice(0, 3), [0.005, 0.01, 0.025])
  for (const name of ['used', 'space.size', 'space.available_size', 'space.physical_size']) {
    const { dataPoints } = metrics.get(`v8js.memory.heap.${name}`)
    assert.ok(dataPoints.some(({ attributes }) => attributes['v8js.heap.space.name'] === 'old_space'), name)
  }
  assert.ok(metrics.get('v8js.resource.active').dataPoints.every(({ attributes, value }) => attributes['v8js.resource.type'] !== '' && value >= 1))
  ours.stop()
  await shutdown()
})

test('a leak, and its end, are log records with flat attributes', async () => {
  const { logger, records, shutdown } = memoryLogger()
  const ours = opentelemetry({ logger })
  const publisher = new Publisher(tidemark)
  publisher.tell('reported', leak)
  publisher.tell('recovered', recovered)
  const [first, second, ...more] = records()
  assert.deepEqual(more, [])
  assert.equal(first.eventName, 'tidemark.leak')
  assert.equal(first.severityNumber, 13)
  assert.equal(first.body, leak.message)
  assert.equal(first.attributes['tidemark.suspect'], SUSPECT.description)
  assert.equal(first.attributes['code.file.path'], '/srv/app.js')
  assert.equal(first.attributes['code.line.number'], 12)
  assert.equal(first.attributes['tidemark.time_to_limit'], 3600)
  assert.ok(!Object.hasOwn(first.attributes, 'code.function.name'), 'not known')
  assert.ok(Object.values(first.attributes).every((value) => ['string', 'number'].includes(typeof value)))
  assert.equal(second.eventName, 'tidemark.recovered')
  ours.stop()
  publisher.tell('reported', leak)
  assert.equal(records().length, 2, 'nothing after stop()')
  await shutdown()
})

test('a logger that throws does not hurt the app or the story', () => {
  const ours = opentelemetry({ logger: { emit () { throw new Error('the exporter is broken') } } })
  const told = []
  const errors = []
  tidemark.on('leak', () => told.push('leak')).on('error', (error) => errors.push(error.code))
  new Publisher(tidemark).tell('reported', leak)
  tidemark.removeAllListeners('leak').removeAllListeners('error')
  ours.stop()
  assert.deepEqual({ told, errors }, { told: ['leak'], errors: ['ERR_TIDEMARK_INTERNAL'] })
})

test('over the wire as a collector gets it', async (t) => {
  const bodies = {}
  const server = createServer((req, res) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
      bodies[req.url] = JSON.parse(Buffer.concat(chunks).toString())
      res.setHeader('Content-Type', 'application/json')
      res.end('{}')
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => { server.closeAllConnections(); server.close() })
  const url = `http://127.0.0.1:${server.address().port}`
  const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter({ url: `${url}/v1/metrics` }), exportIntervalMillis: 3600000 })
  const meters = new MeterProvider({ readers: [reader] })
  const logs = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${url}/v1/logs` }) })] })
  const ours = opentelemetry({ meter: meters.getMeter('test'), logger: logs.getLogger('test') })
  tidemark.gc()
  tidemark.gc()
  await new Promise((resolve) => setTimeout(resolve, 50))
  new Publisher(tidemark).tell('reported', leak)
  await Promise.all([reader.forceFlush(), logs.forceFlush()])
  const names = bodies['/v1/metrics'].resourceMetrics[0].scopeMetrics[0].metrics.map(({ name }) => name)
  assert.ok(names.includes('tidemark.heap.used_after_last_gc') && names.includes('tidemark.leak.active'))
  const [record] = bodies['/v1/logs'].resourceLogs[0].scopeLogs[0].logRecords
  assert.equal(record.eventName, 'tidemark.leak')
  assert.equal(record.body.stringValue, leak.message)
  ours.stop()
  await Promise.all([meters.shutdown(), logs.shutdown()])
})

test('what is no meter and no logger is said at once', () => {
  for (const options of [{ meter: {} }, { logger: console }, { runtime: 'yes' }]) assert.throws(() => opentelemetry(options), { code: 'ERR_TIDEMARK_OPTION' })
  assert.throws(() => opentelemetry({ metre: {} }), { code: 'ERR_TIDEMARK_UNKNOWN_OPTION' })
  assert.equal(tidemark.status().running, false)
})
