'use strict'

const assert = require('node:assert/strict')
const { once } = require('node:events')
const net = require('node:net')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { Load, CONNECTIONS } = require('../lib/load')
const { countOpenFiles } = require('../lib/open-files')
const { ResourceWatch, countResources } = require('../lib/resource-watch')

/** Opens that many connections; both ends are in this process. */
async function connect (t, count) {
  const server = net.createServer(() => {}).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clients = []
  let accepted = 0
  const all = new Promise((resolve) => server.on('connection', () => { if (++accepted === count) resolve() }))
  for (let i = 0; i < count; i++) clients.push(net.connect(server.address().port, '127.0.0.1'))
  t.after(() => {
    for (const client of clients) client.destroy()
    server.close()
  })
  await all
  // A connection that is still being made counts as well.
  await Promise.all(clients.map((client) => client.connecting ? once(client, 'connect') : undefined))
}

test('connections that clients opened are load and do not count, those that the app opened do', { timeout: 30000 }, async (t) => {
  const before = new ResourceWatch().look(performance.now(), 0)
  await connect(t, 80)
  const watch = new ResourceWatch()
  const load = new Load(false)
  load.start()
  t.after(() => load.stop())
  const total = watch.look(performance.now(), load.counters[CONNECTIONS])
  assert.equal(watch.counts.TCPSocketWrap, 160, 'by type all are told')
  assert.ok(total >= before + 80 && total < before + 100, `${before} to ${total}`)
})

test('open files belong to the process, and its first thread counts them', { skip: process.platform !== 'linux' && 'Linux only' }, async () => {
  assert.ok(countOpenFiles({}) >= 3)
  const worker = new Worker(`require('node:worker_threads').parentPort.postMessage(String(require(${JSON.stringify(require.resolve('../lib/open-files'))}).countOpenFiles({})))`, { eval: true })
  assert.deepEqual(await once(worker, 'message'), ['undefined'])
})

test('threads of workers are counted, and go with them', { skip: process.platform !== 'linux' && 'Linux only' }, async (t) => {
  const workers = []
  t.after(() => Promise.all(workers.map((worker) => worker.terminate())))
  const begin = async (count) => {
    const begun = Array.from({ length: count }, () => new Worker('setInterval(() => {}, 1000)', { eval: true }))
    workers.push(...begun)
    await Promise.all(begun.map((worker) => once(worker, 'online')))
    return countResources().Thread
  }
  // With the first one Node.js may begin threads of its own.
  const first = await begin(1)
  assert.equal(await begin(5), first + 5)
  await Promise.all(workers.splice(1).map((worker) => worker.terminate()))
  assert.equal(countResources().Thread, first)
})
