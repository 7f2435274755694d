'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { result, run } = require('./helpers/child')

test('every collection is counted, by kind, as Node itself counts them', async () => {
  const { counted, events, observed, problems } = await result('count-gcs.js')
  for (const kind of ['minor', 'major']) {
    assert.equal(counted[kind].count, observed[kind].count, kind)
    assert.equal(events[kind], counted[kind].count, `${kind} events`)
    // Node starts its clock a moment apart from ours: the sums agree, within what a clock reading costs.
    const most = observed[kind].durationMs * 1.05 + 0.02 * observed[kind].count
    assert.ok(counted[kind].durationMs <= most, `${kind}: ${counted[kind].durationMs} > ${most}`)
    assert.ok(counted[kind].durationMs > 0)
  }
  assert.ok(counted.minor.count > 20)
  assert.ok(counted.major.count >= 2)
  assert.deepEqual(problems, [])
})

test('no collection is lost while JavaScript reads what was recorded', async () => {
  const { problems, statuses, majors } = await result('read-while-collecting.js')
  assert.deepEqual(problems, [])
  assert.ok(statuses > 1000)
  assert.ok(majors > 5)
})

test('the numbers of a sample are those of v8.getHeapStatistics()', async () => {
  const { sample, heap } = await result('compare-heap-statistics.js')
  assert.equal(sample.heapSizeLimit, heap.heap_size_limit)
  // A few allocations lie between the end of the collection and the reading from JavaScript.
  assert.ok(Math.abs(sample.usedHeapSize - heap.used_heap_size) < 1e6, `${sample.usedHeapSize} ${heap.used_heap_size}`)
  assert.ok(Math.abs(sample.totalHeapSize - heap.total_heap_size) < 4e6)
  assert.ok(Math.abs(sample.externalMemory - heap.external_memory) < 1e6)
  assert.ok(sample.rss > sample.usedHeapSize)
})

test('stop() takes the hook away, and start() puts it back', async () => {
  const { first, stopped, second, watched } = await result('stop-and-start.js')
  assert.ok(first > 0)
  assert.equal(stopped.running, false)
  assert.ok(second > 0)
  assert.deepEqual(watched, [0, 1, 0, 1, 0])
})

test('neither listening nor starting keeps the process alive', async () => {
  const { code, stdout } = await run('exits-by-itself.js', { deadlineMs: 20000 })
  assert.equal(code, 0)
  assert.equal(stdout.trim(), 'end of main')
})

test('starting and stopping a thousand times leaves nothing behind', async () => {
  const { growth } = await result('start-stop-loop.js', { nodeArgs: ['--expose-gc'] })
  // Once, not a start: the second thousand adds 1.5 MB, as handles close only with a turn of the loop.
  assert.ok(growth < 12 * 1048576, `RSS grew by ${growth} bytes`)
})

test('a process that ends while an event is under way ends well', async () => {
  for (const how of ['exit', 'throw', 'return']) {
    const ended = await run('ends-with-event-pending.js', { args: [how] })
    assert.equal(ended.signal, null, how)
    assert.equal(ended.code, how === 'throw' ? 1 : 0, `${how}: ${ended.stderr}`)
  }
})

test("a flood of 'gc' and 'stats' records pushes no leak out, and is announced", async () => {
  const { leaks, problems } = await result('flood.js')
  assert.equal(leaks, 1)
  assert.match(problems[0], /'gc' and 'stats' records were dropped/)
})

test('a collection that gc() asked for is told as forced', async () => {
  const { forced } = await result('flood.js', { args: ['gc'] })
  assert.ok(forced.length > 10)
  assert.ok(forced.slice(-10).every((value) => value === true))
})

test("'gc' comes from perf_hooks as well", async () => {
  const { events, counted, source } = await result('gc-from-perf-hooks.js')
  assert.equal(source, 'perf_hooks')
  assert.ok(events.minor > 3 && events.major >= 1, JSON.stringify(events))
  assert.equal(counted.minor.count, events.minor)
})
