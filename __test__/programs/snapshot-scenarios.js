'use strict'

// Situations around a capture, one a process: node snapshot-scenarios.js NAME FOLDER [ARGS]. Each prints
// what it saw as JSON.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { chmodSync, copyFileSync, readFileSync, readdirSync, readlinkSync, statSync, symlinkSync, writeFileSync } = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const { Worker } = require('node:worker_threads')
const tidemark = require('../..')
const { loadBinding } = require('../../lib/binding')
const { takeSnapshot } = require('../../lib/snapshot')
const { nodeFile } = require('../../scripts/platform')
const { countNodes, problemsOf } = require('../helpers/snapshot')

const [name, folder, ...args] = process.argv.slice(2)
const file = path.join(folder, 'one.heapsnapshot')

class Marked {
  constructor (id) {
    this.id = id
  }
}

const scenarios = {
  async whole () {
    const marked = Array.from({ length: 5000 }, (_, id) => new Marked(id))
    let ticks = 0
    const ticking = setInterval(() => ticks++, 1)
    const result = await tidemark.writeHeapSnapshot(file, { method: args[0] })
    clearInterval(ticking)
    return {
      result,
      ticks,
      problems: problemsOf(file),
      marked: countNodes(file, 'object', 'Marked'),
      expected: marked.length,
      bytes: statSync(file).size,
      mode: statSync(file).mode & 0o777,
      files: readdirSync(folder)
    }
  },

  async callback () {
    process.chdir(folder)
    const named = await new Promise((resolve) => tidemark.writeHeapSnapshot(file, { method: args[0] }, (...told) => resolve(told)))
    const unnamed = await new Promise((resolve) => {
      const returned = tidemark.writeHeapSnapshot(undefined, { method: args[0] }, (...told) => resolve([...told, String(returned)]))
    })
    const failed = await new Promise((resolve) => tidemark.writeHeapSnapshot(folder, (error) => resolve(error.code)))
    return { named, unnamed, failed, files: readdirSync(folder) }
  },

  /** A link to a file stays a link; what was there is replaced, with nobody else able to read it. */
  async replaced () {
    writeFileSync(file, 'before')
    chmodSync(file, 0o644)
    const link = path.join(folder, 'link')
    symlinkSync(file, link)
    const { path: written } = await tidemark.writeHeapSnapshot(link, { method: 'in-process' })
    return { written: written === file, isLink: readdirSync(folder).length === 2, mode: statSync(link).mode & 0o777, problems: problemsOf(link) }
  },

  async worker () {
    const worker = new Worker(`
      const { parentPort, workerData: { file, index } } = require('node:worker_threads')
      const tidemark = require(index)
      tidemark.writeHeapSnapshot(file, { method: 'fork' })
        .catch((error) => ({ refused: error.reason, message: error.message }))
        .then(async (fork) => parentPort.postMessage({ fork, inProcess: (await tidemark.writeHeapSnapshot(file, { method: 'auto' })).method }))
    `, { eval: true, workerData: { file, index: path.join(__dirname, '..', '..') } })
    const [told] = await once(worker, 'message')
    return { ...told, problems: problemsOf(file) }
  },

  async concurrent () {
    const first = tidemark.writeHeapSnapshot(file)
    const second = await outcome(tidemark.writeHeapSnapshot(`${file}2`))
    const { method } = await first
    const third = await outcome(tidemark.writeHeapSnapshot(`${file}3`))
    return { method, second, third, files: readdirSync(folder) }
  },

  async abort () {
    const keep = fill()
    const controller = new AbortController()
    const capture = outcome(tidemark.writeHeapSnapshot(file, { signal: controller.signal }))
    const child = await theChild()
    controller.abort(new Error('enough'))
    const aborted = await capture
    const files = readdirSync(folder)
    const before = await outcome(tidemark.writeHeapSnapshot(file, { signal: controller.signal }))
    const again = await outcome(tidemark.writeHeapSnapshot(file))
    return { aborted, before, again, files, childIsGone: await isGone(child), spawned: await spawned(), kept: keep.length }
  },

  async timeout () {
    const keep = fill(120)
    const told = await outcome(tidemark.writeHeapSnapshot(file, { timeoutMs: 1000 }))
    return { told, files: readdirSync(folder), kept: keep.length }
  },

  /** args: the signal that the child gets, and after how many milliseconds */
  async signalled () {
    const keep = fill(args[1] === undefined ? undefined : 60)
    const capture = outcome(tidemark.writeHeapSnapshot(file))
    const child = await theChild()
    await wait(Number(args[1] ?? 0))
    process.kill(child, args[0])
    const told = await capture
    return { told, files: readdirSync(folder), childIsGone: await isGone(child), kept: keep.length }
  },

  /** Until the parent is killed. */
  async orphan () {
    const keep = fill(30)
    const capture = outcome(tidemark.writeHeapSnapshot(file))
    const child = await theChild()
    console.log(JSON.stringify({ child, files: readdirSync(folder), kept: keep.length }))
    process.kill(process.pid, 'SIGKILL')
    await capture
  },

  async exit () {
    const keep = fill()
    outcome(tidemark.writeHeapSnapshot(file))
    const child = args[0] === 'parking' ? undefined : await theChild()
    process.on('exit', () => console.log(JSON.stringify({ child, kept: keep.length })))
    if (args[0] === 'parking') setImmediate(() => process.exit(3))
    else process.exit(3)
    await wait(60000)
  },

  /** Nothing keeps the process alive, and V8's workers need some looks to park. */
  'ends by itself' () {
    const calls = []
    class Slow extends loadBinding().ForkCapture {
      ready () {
        calls.push('ready')
        return calls.length > 3 && super.ready()
      }

      fork (order) {
        calls.push('fork')
        return super.fork(order)
      }
    }
    process.on('exit', () => console.log(JSON.stringify({ calls })))
    outcome(takeSnapshot({ ...loadBinding(), ForkCapture: Slow }, file, {}, { ref: false }))
    return undefined
  },

  /** Nothing else keeps the process alive. */
  alone () {
    tidemark.writeHeapSnapshot(file).then(() => console.log(JSON.stringify({ problems: problemsOf(file) })))
    return undefined
  },

  async after () {
    const keep = fill()
    // What the first one opens for good: /proc/self/statm.
    await tidemark.writeHeapSnapshot(file)
    const before = { files: openFiles(), marked: notCopied() }
    let childEnds = 0
    process.on('SIGCHLD', () => childEnds++)
    await tidemark.writeHeapSnapshot(file)
    await wait(50)
    const seen = childEnds
    return { before, after: { files: openFiles(), marked: notCopied() }, childEnds: seen, spawned: await spawned(), kept: keep.length }
  },

  /** A connection that the parent closes is closed, though the child was born with it. */
  async socket () {
    const keep = fill(60)
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = net.connect(server.address().port, '127.0.0.1').resume()
    const [connection] = await once(server, 'connection')
    let done = false
    const capture = outcome(tidemark.writeHeapSnapshot(file)).then((told) => { done = true; return told })
    const child = await theChild()
    await wait(300)
    const files = descriptorsOf(child)
    const shared = sharedWritable(child)
    connection.destroy()
    await once(client, 'close')
    const closedBeforeTheEnd = !done
    server.close()
    return { closedBeforeTheEnd, files, shared, told: await capture, kept: keep.length }
  },

  /** A library is mapped whose path is no UTF-8. */
  async 'odd path' () {
    const odd = Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff)])
    copyFileSync(path.join(__dirname, '..', '..', nodeFile()), odd)
    const link = path.join(folder, 'link.node')
    symlinkSync(odd, link)
    process.dlopen({ exports: {} }, link)
    const mapped = readFileSync('/proc/self/maps').includes(odd)
    return { mapped, told: await outcome(tidemark.writeHeapSnapshot(file)), problems: problemsOf(file) }
  },

  async 'changed user' () {
    chmodSync(folder, 0o777)
    chmodSync(path.dirname(folder), 0o755)
    process.setgid(65534)
    process.setuid(65534)
    const native = loadBinding().captureObstacle()
    return { native, told: await outcome(tidemark.writeHeapSnapshot(file)), files: readdirSync(folder) }
  },

  async repeated () {
    const before = openFiles()
    for (let i = 0; i < 10; i++) await tidemark.writeHeapSnapshot(file)
    return { before, after: openFiles(), listeners: process.listenerCount('exit'), problems: problemsOf(file) }
  }
}

function outcome (promise) {
  return promise.then(({ method, attempts }) => ({ method, attempts }), (error) => ({ code: error.code, reason: error.reason, message: error.message }))
}

/** So many MB of small objects: with 60 seconds of work for the child, with few it is just not done at once. */
function fill (mb = 10) {
  return Array.from({ length: mb * 17 }, (_, i) => Array.from({ length: 1000 }, (_, at) => ({ i, at, next: null })))
}

/** The number of the child that writes: the clone that sleeps before it is gone after a moment. */
async function theChild () {
  for (;;) {
    const [child] = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
    if (child !== undefined) return Number(child)
    await wait(1)
  }
}

/** Soon after its end was seen. */
async function isGone (child) {
  for (let looks = 0; isThere(child) && looks < 500; looks++) await wait(10)
  return !isThere(child)
}

function isThere (child) {
  try {
    process.kill(child, 0)
    return true
  } catch {
    return false
  }
}

async function spawned () {
  const [code] = await once(spawn(process.execPath, ['-e', 'process.exit(7)']), 'exit')
  return code
}

function openFiles () {
  return readdirSync('/proc/self/fd').length
}

function descriptorsOf (child) {
  const kinds = readdirSync(`/proc/${child}/fd`).map((number) => readlinkSync(`/proc/${child}/fd/${number}`))
  return [...new Set(kinds)].sort()
}

/** Mappings through which it could write to what others see. */
function sharedWritable (child) {
  return readFileSync(`/proc/${child}/maps`, 'utf8').split('\n').filter((line) => / .w.s /.test(line))
}

/** Bytes of the mappings that V8 keeps out of forks. */
function notCopied () {
  let size = 0
  let sum = 0
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    if (line.startsWith('Rss:')) size = Number(/\d+/.exec(line)[0])
    if (line.startsWith('VmFlags:') && line.includes(' dc')) sum += size
  }
  return sum * 1024
}

Promise.resolve(scenarios[name]()).then((told) => {
  if (told !== undefined) console.log(JSON.stringify(told))
}, (error) => {
  console.error(error)
  process.exit(1)
})
