'use strict'

// Measures how long captures by fork stop a process that has a heap of small objects, and how long
// V8's own way stops it. The pause is what a timer of every millisecond sees: the longest gap from
// the call until a second after the fork, copies of written pages included. All but the last are
// ended then: what the child does later stops nobody.
//   node snapshot-pauses.js CAPTURES HEAP_MB

const { rmSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const v8 = require('node:v8')
const tidemark = require('../..')

const file = path.join(os.tmpdir(), `tidemark-pauses-${process.pid}.heapsnapshot`)

async function main () {
  const [captures, heapMb] = process.argv.slice(2).map(Number)
  const held = []
  // 60 bytes an object, in many containers.
  for (let i = 0; i < heapMb * 17; i++) {
    held.push(Array.from({ length: 1000 }, (_, at) => ({ i, at, next: null })))
    // V8 grows its heap meanwhile, and must not be asked for it all within one turn.
    if (i % 100 === 0) await wait(0)
  }
  tidemark.gc()
  const { used_heap_size: usedHeapSize } = v8.getHeapStatistics()
  const told = { version: process.version, usedHeapSize, pauses: [] }

  let worst = 0
  let last = performance.now()
  const ticking = setInterval(() => {
    const now = performance.now()
    worst = Math.max(worst, now - last - 1)
    last = now
  }, 1)

  for (let i = 0; i < captures; i++) {
    await wait(100)
    worst = 0
    last = performance.now()
    const controller = new AbortController()
    const capture = tidemark.writeHeapSnapshot(file, { signal: controller.signal }).catch((error) => error)
    await wait(1500)
    told.pauses.push(worst)
    controller.abort()
    const { name } = await capture
    if (name !== 'AbortError') throw new Error(`the capture was over before its end: ${name}`)
  }
  const { pauseMs, durationMs } = await tidemark.writeHeapSnapshot(file)
  rmSync(file)
  clearInterval(ticking)
  const inProcess = await tidemark.writeHeapSnapshot(file, { method: 'in-process' })
  rmSync(file)
  Object.assign(told, { pauseMs, durationMs, inProcessMs: inProcess.pauseMs })
  told.held = held.length
  console.log(JSON.stringify(told))
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
