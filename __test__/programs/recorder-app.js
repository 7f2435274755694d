'use strict'

// Records itself into a directory and ends in a way. Arguments: the directory, and the way.

const { Worker, isMainThread, workerData } = require('node:worker_threads')

const directory = isMainThread ? process.argv[2] : workerData.directory
const way = isMainThread ? process.argv[3] : workerData.way

/** A quick verdict: five full GCs in a row that kept more. */
const OPTIONS = { recorder: directory, detector: 'memwatch', consecutive: 2, sampleIntervalMs: 100, evidence: [] }

const WAYS = {
  kill: () => process.kill(process.pid, 'SIGKILL'),
  abort: () => process.abort(),
  exit: () => process.exit(7),
  throws: () => { throw new Error('the end') },
  stop: () => {
    require('../..').stop()
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000)
  },
  /** Leaves no time for a record that stop() has not waited for. */
  stopDies: () => {
    require('../..').stop()
    process.kill(process.pid, 'SIGKILL')
  },
  /** Beyond V8's limit, in a loop that never yields. */
  heap: () => { for (const all = []; ;) all.push(new Array(1000).fill(all.length)) },
  /** Blocks the event loop, with full GCs, and is killed in it. */
  blocks: () => {
    const tidemark = require('../..')
    const from = Date.now()
    while (Date.now() - from < 1500) tidemark.gc()
    process.kill(process.pid, 'SIGKILL')
  },
  /** Threads that end by themselves or are ended, then the process. */
  workers: async () => {
    for (let i = 0; i < 3; i++) await ended(thread('ends'), 'exit')
    const worker = thread('waits')
    await ended(worker, 'message')
    await worker.terminate()
    const last = thread('waits')
    await ended(last, 'message')
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000)
  },
  /** The addon is in a worker thread alone, which ends: Node.js closes it there. */
  onlyWorker: async () => {
    for (let i = 0; i < 3; i++) {
      const worker = thread('waits')
      await ended(worker, 'message')
      await worker.terminate()
    }
    setTimeout(() => process.exit(7), 1500)
  },
  snapshot: async () => {
    const { method } = await require('../..').writeHeapSnapshot(require('node:path').join(directory, 'x.heapsnapshot'))
    console.log(JSON.stringify({ method }))
    process.kill(process.pid, 'SIGKILL')
  }
}

function thread (what) {
  return new Worker(__filename, { workerData: { directory, way: what } })
}

function ended (worker, event) {
  return new Promise((resolve) => { worker.once(event, resolve) })
}

function record () {
  const tidemark = require('../..')
  tidemark.start(OPTIONS)
  return tidemark
}

function workInThread () {
  const tidemark = record()
  tidemark.gc()
  setTimeout(() => {
    if (way === 'ends') return
    require('node:worker_threads').parentPort.postMessage('ready')
    setInterval(() => {}, 1000)
  }, 200)
}

function workInMain () {
  if (way === 'onlyWorker') return WAYS.onlyWorker()
  const tidemark = record()
  const kept = []
  tidemark.on('previous-run', (previous) => { console.log(JSON.stringify({ previous })) })
  tidemark.once('leak', () => {
    // What it was told of is to be in the file; nobody waits for that but this program.
    const look = setInterval(() => {
      const { problems, recorder } = tidemark.status()
      if (recorder === null && problems.length === 0) return
      clearInterval(look)
      console.log(JSON.stringify({ problems, recorder }))
      WAYS[way]()
    }, 100)
  })
  const timer = setInterval(() => {
    for (let i = 0; i < 20000; i++) kept.push({ i })
    tidemark.gc()
    if (kept.length >= 200000) clearInterval(timer)
  }, 20)
}

if (isMainThread) workInMain()
else workInThread()
