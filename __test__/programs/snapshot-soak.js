'use strict'

// Captures by fork, one after the other, in a process that has much else to do: allocation, a busy
// thread pool, two busy worker threads, an HTTP server that is asked all the time. Says how each
// capture ended, and whether the process is what it was.
//   node snapshot-soak.js CAPTURES [HEAP_MB] [QUIET]

const { spawn } = require('node:child_process')
const { pbkdf2 } = require('node:crypto')
const { once } = require('node:events')
const { mkdtempSync, readFile, readFileSync, readdirSync, rmSync } = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const zlib = require('node:zlib')

if (isMainThread) {
  main().catch((error) => {
    console.error(error)
    process.exit(1)
  })
} else if (workerData === 'check') {
  const { problemsOf } = require('../helpers/snapshot')
  parentPort.on('message', (file) => parentPort.postMessage(problemsOf(file)))
} else {
  allocate(() => false)
}

async function main () {
  const tidemark = require('../..')
  const captures = Number(process.argv[2])
  const heapMb = Number(process.argv[3] ?? 0)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-soak-'))
  const held = hold(heapMb)
  // The GC hook runs in the child too, where nobody hears it.
  tidemark.on('stats', () => {})
  const stopped = { now: false }
  const workers = [new Worker(__filename), new Worker(__filename)]
  const checker = new Worker(__filename, { workerData: 'check' })
  const server = http.createServer((req, res) => res.end(`answer to ${req.url}`)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  allocate(() => stopped.now)
  const pool = occupyPool(stopped)
  const web = ask(server.address().port, stopped)
  await wait(200)

  // What the first one opens for good: /proc/self/statm.
  await tidemark.writeHeapSnapshot(path.join(folder, 'first.heapsnapshot'))
  rmSync(path.join(folder, 'first.heapsnapshot'))
  const before = { fds: await descriptors(), children: children() }
  const tally = { complete: 0, attempts: {}, refused: {}, failed: {}, broken: [], pauses: [], durations: [], spawned: 0 }
  for (let i = 0; i < captures; i++) {
    const file = path.join(folder, `${i}.heapsnapshot`)
    try {
      const { pauseMs, durationMs, attempts } = await tidemark.writeHeapSnapshot(file, { timeoutMs: 120000 })
      checker.postMessage(file)
      const [problems] = await once(checker, 'message')
      if (problems.length > 0) tally.broken.push(problems)
      else tally.complete++
      tally.pauses.push(pauseMs)
      tally.durations.push(durationMs)
      add(tally.attempts, attempts)
    } catch (error) {
      add(error.code === 'ERR_TIDEMARK_SNAPSHOT_REFUSED' ? tally.refused : tally.failed, `${error.reason ?? error.code}: ${error.message}`)
    }
    rmSync(file, { force: true })
    if (i % 5 === 0) {
      const [code] = await once(spawn(process.execPath, ['-e', 'process.exit(7)']), 'exit')
      if (code === 7) tally.spawned++
    }
  }
  const after = { fds: await descriptors(), children: children() }
  stopped.now = true
  const { answers, wrong } = await web
  await pool
  await Promise.all([...workers, checker].map((worker) => worker.terminate()))
  server.close()
  tidemark.stop()
  const left = readdirSync(folder)
  rmSync(folder, { recursive: true })
  console.log(JSON.stringify({ ...tally, answers, wrong, before, after, left, whole: held.check(), version: process.version }))
}

function add (counts, key) {
  counts[key] = (counts[key] ?? 0) + 1
}

/** Objects whose content is known. */
function hold (mb) {
  const groups = []
  for (let i = 0; i < Math.max(20, mb * 16); i++) {
    groups.push(Array.from({ length: 1000 }, (_, at) => ({ group: i, at, next: null })))
  }
  return { check: () => groups.every((group, i) => group.every((object, at) => object.group === i && object.at === at && object.next === null)) }
}

/** Half of the time, so that a machine with few processors can still do the rest. */
async function allocate (done) {
  const ring = []
  for (let i = 0; !done(); i++) {
    const until = performance.now() + 4
    while (performance.now() < until) {
      ring[i++ % 5000] = { text: `entry ${i}`, list: [i, i + 1], map: new Map([[i, { i }]]) }
    }
    await wait(4)
  }
}

async function occupyPool (stopped) {
  const data = Buffer.alloc(200000, 'some text that repeats itself ')
  const ways = [
    (done) => pbkdf2('secret', 'salt', 2000, 64, 'sha512', done),
    (done) => zlib.deflate(data, done),
    (done) => readFile(__filename, done)
  ]
  await Promise.all(ways.map(async (way) => {
    while (!stopped.now) {
      await new Promise((resolve, reject) => way((error) => error ? reject(error) : resolve()))
      await wait(2)
    }
  }))
}

async function ask (port, stopped) {
  const agent = new http.Agent({ keepAlive: true })
  let answers = 0
  let wrong = 0
  for (let i = 0; !stopped.now; i++) {
    const text = await new Promise((resolve) => {
      http.get({ port, host: '127.0.0.1', path: `/${i}`, agent }, (res) => {
        let text = ''
        res.setEncoding('utf8').on('data', (chunk) => { text += chunk }).on('end', () => resolve(text))
      }).on('error', (error) => resolve(String(error)))
    })
    if (text === `answer to /${i}`) answers++
    else wrong++
    await wait(1)
  }
  agent.destroy()
  return { answers, wrong }
}

/** The least of some readings: the thread pool opens and closes its own. */
async function descriptors () {
  let least = Infinity
  for (let i = 0; i < 20; i++) {
    least = Math.min(least, readdirSync('/proc/self/fd').length)
    await wait(7)
  }
  return least
}

function children () {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).length
}
