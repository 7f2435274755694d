'use strict'

// Captures by fork in a process that is in some situation. Prints how each of them ended, and whether the
// process is what it was. `scripts/capture-conditions.js` runs it under every condition.
//   node snapshot-conditions.js SITUATION FOLDER CAPTURES [HEAP_MB] [OPTIONS]

const { execFileSync, spawn } = require('node:child_process')
const { once } = require('node:events')
const { readFileSync } = require('node:fs')
const { readFile } = require('node:fs/promises')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const { Worker, isMainThread, workerData } = require('node:worker_threads')
const tidemark = require('../..')
const { attachDebugger } = require('../helpers/debugger')
const { wasmOf } = require('../helpers/wasm')

/** What the process does beside; each answers with what ends it. */
const situations = {
  nothing: () => () => {},

  /** A debugger in the process, with all that V8's inspector can have on. */
  async 'inspector session' () {
    const { Session } = require('node:inspector')
    const session = new Session()
    session.connect()
    const post = (method, params) => new Promise((resolve, reject) => {
      session.post(method, params, (error, answer) => error ? reject(new Error(error.message)) : resolve(answer))
    })
    for (const domain of ['Runtime', 'Debugger', 'Profiler', 'HeapProfiler']) await post(`${domain}.enable`)
    await post('HeapProfiler.startSampling', { samplingInterval: 4096 })
    await post('Profiler.start')
    const ended = allocate()
    return async () => {
      ended()
      await post('Profiler.stop')
      await post('HeapProfiler.stopSampling')
      session.disconnect()
    }
  },

  /** A debugger of another process's kind: over the WebSocket of --inspect=0. */
  async 'inspector client' () {
    const client = await attachDebugger(require('node:inspector').url())
    for (const domain of ['Runtime', 'Debugger', 'HeapProfiler']) await client.post(`${domain}.enable`)
    await client.post('HeapProfiler.startSampling')
    await client.post('HeapProfiler.startTrackingHeapObjects')
    const ended = allocate()
    return async () => {
      ended()
      // Still the same debugger of the same process.
      await client.post('HeapProfiler.stopSampling')
      const { result } = await client.post('Runtime.evaluate', { expression: '6 * 7' })
      if (result.value !== 42) throw new Error('the debugger answers nonsense')
      // To a debugger that is leaving Node.js 18 and 20 must have nothing to tell, such as a script that is loaded: its inspector's
      // thread may write to the connection that is gone, and ends the process by SIGSEGV.
      for (const domain of ['HeapProfiler', 'Debugger', 'Runtime']) await client.post(`${domain}.disable`)
      client.close()
    }
  },

  /** Threads of V8 compile the whole time, here and in a worker, and large memories are mapped. */
  async wasm () {
    const stop = compileWasm()
    const worker = new Worker(__filename, { workerData: 'wasm' })
    await once(worker, 'online')
    return async () => {
      stop()
      await worker.terminate()
    }
  },

  /** Isolates come and go. */
  'worker churn' () {
    const stopped = { now: false }
    const churning = Promise.all([10, 60].map(async (lifeMs) => {
      while (!stopped.now) {
        const worker = new Worker(__filename, { workerData: 'allocate' })
        await once(worker, 'online')
        await wait(Math.random() * lifeMs)
        await worker.terminate()
      }
    }))
    return () => {
      stopped.now = true
      return churning
    }
  },

  /** Workers that sleep on shared memory, beside large Buffers. */
  async 'shared memory' () {
    const buffers = Array.from({ length: 20 }, (_, i) => Buffer.alloc(10 * 1048576, i))
    const shared = new Int32Array(new SharedArrayBuffer(64 * 1048576))
    const workers = Array.from({ length: 3 }, () => new Worker(__filename, { workerData: { shared } }))
    await Promise.all(workers.map((worker) => once(worker, 'online')))
    const ended = allocate()
    return async () => {
      ended()
      if (!buffers.every((buffer, i) => buffer[12345] === i)) throw new Error('a Buffer has changed')
      const before = Atomics.load(shared, 1)
      Atomics.add(shared, 0, 1)
      Atomics.notify(shared, 0)
      while (Atomics.load(shared, 1) < before + workers.length) await wait(1)
      await Promise.all(workers.map((worker) => worker.terminate()))
    }
  },

  allocating: () => allocate(),

  'changed user' () {
    process.setgid(65534)
    process.setuid(65534)
    return () => {}
  },

  /** What the process may map is limited to a little more than it has. */
  'little address space': () => limitMemory('as', 0, 400),
  'little data': () => limitMemory('data', 5, 300),

  /** Claims most of what the machine lets processes claim, and uses none of it: a fork would claim it once more. */
  'large claims' () {
    const kilobytes = (name) => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))[1])
    const gigabytes = Math.floor((kilobytes('CommitLimit') - kilobytes('Committed_AS')) * 0.6 / 1048576)
    const claimed = Array.from({ length: gigabytes }, () => Buffer.alloc(1024 ** 3))
    return () => { claimed.length = 0 }
  },

  /** The whole heap is written to while the child reads its copy: every page is needed twice. */
  'writing to all of its memory' () {
    const timer = setInterval(() => { for (const group of held) for (const object of group) object.at += 0 }, 50)
    return () => clearInterval(timer)
  }
}

const inWorker = {
  wasm: () => compileWasm(),
  allocate: () => { for (;;) Array.from({ length: 100 }, (_, i) => ({ i })) }
}

/** @param {number} field of /proc/self/statm, in pages */
function limitMemory (limit, field, moreMb) {
  const pages = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[field])
  execFileSync('prlimit', ['--pid', String(process.pid), `--${limit}=${pages * 4096 + moreMb * 1048576}`])
  return () => {}
}

/** Waits for the first number to change, and counts the times in the second. */
function sleepOn ({ shared }) {
  for (let seen = 0; ;) {
    Atomics.wait(shared, 0, seen)
    seen = Atomics.load(shared, 0)
    Atomics.add(shared, 1, 1)
  }
}

function allocate () {
  const ring = []
  const timer = setInterval(() => {
    for (let i = 0; i < 500; i++) ring[i] = { text: `entry ${i}`, list: [i, i + 1], map: new Map([[i, { i }]]) }
  }, 2)
  return () => clearInterval(timer)
}

function compileWasm () {
  const stopped = { now: false }
  let seed = 0
  const compile = async () => {
    while (!stopped.now) {
      const { instance: { exports } } = await WebAssembly.instantiate(wasmOf({ functions: 300, seed: seed++ }), {})
      // Hot enough for the optimizing compiler, on V8's threads.
      for (let i = 0; i < 20; i++) exports[`f${i}`](20000)
      exports.memory.grow(16)
      await wait(1)
    }
  }
  compile()
  compile()
  return () => { stopped.now = true }
}

/** Objects whose content is known. */
const held = []

function isWhole () {
  return held.every((group, i) => group.every((object, at) => object.group === i && object.at === at && object.next === null))
}

async function main () {
  const [situation, folder, captures, heapMb = '0', options = '{}'] = process.argv.slice(2)
  for (let i = 0; i < heapMb * 17; i++) held.push(Array.from({ length: 1000 }, (_, at) => ({ group: i, at, next: null })))
  const end = await situations[situation]()
  const told = { version: process.version, complete: 0, refused: {}, failed: {}, pauses: [] }
  for (let i = 0; i < captures; i++) {
    try {
      const { pauseMs } = await tidemark.writeHeapSnapshot(path.join(folder, `${i}.heapsnapshot`), { timeoutMs: 300000, ...JSON.parse(options) })
      told.complete++
      told.pauses.push(pauseMs)
    } catch (error) {
      const counts = error.code === 'ERR_TIDEMARK_SNAPSHOT_REFUSED' ? told.refused : told.failed
      const key = `${error.reason ?? error.code}: ${error.message}`
      counts[key] = (counts[key] ?? 0) + 1
    }
    await wait(5)
  }
  await end()
  tidemark.gc()
  told.harm = [
    !isWhole() && 'the content of the heap has changed',
    (await readFile(__filename)).length === 0 && 'files cannot be read',
    await canSpawn() !== true && 'programs cannot be started'
  ].filter(Boolean)
  console.log(JSON.stringify(told))
  process.exit()
}

/** Where the condition is that nothing can be started, it could not be before either. */
async function canSpawn () {
  if (process.env.NO_SPAWN) return true
  const [code] = await once(spawn(process.execPath, ['-e', 'process.exit(7)'], { env: {} }), 'exit')
  return code === 7
}

if (isMainThread) {
  main().catch((error) => {
    console.error(error)
    process.exit(1)
  })
} else if (typeof workerData === 'string') {
  inWorker[workerData]()
} else {
  sleepOn(workerData)
}
