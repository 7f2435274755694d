'use strict'

// Runs one program and writes what tidemark's own hook sees of it, in the corpus's form. A child of index.js.
// Usage: node recorder.js PROGRAM SECONDS FILE
const fs = require('node:fs')
const path = require('node:path')
const v8 = require('node:v8')
const zlib = require('node:zlib')
const tidemark = require('../../..')
const { Load } = require('./load')

const COLUMNS = 't_ms,kind,flags,pre_used,used,total,pre_ext,ext,malloced,rss,limit,ops,gc_us'
const KINDS = { minor: 1, major: 4, incremental: 8, weakcb: 16 }
const FLAG_FORCED = 4
const TIMER_MS = 500

const [name, seconds, file] = process.argv.slice(2)
const program = require(path.join(__dirname, 'programs', `${name}.js`))
const load = new Load()
const started = Date.now()
const rows = [COLUMNS]
let external = 0
let malloced = 0

function push (atMs, kind, flags, before, used, total, externalAfter, limit, gcUs) {
  rows.push([atMs, kind, flags, before, used, total, external, externalAfter, malloced, process.memoryUsage.rss(), limit, load.requests, gcUs].join(','))
  external = externalAfter
}

tidemark.start({ idleGc: false })
tidemark.on('gc', (gc) => {
  push(gc.time.getTime() - started, KINDS[gc.kind], gc.forced ? FLAG_FORCED : 0, gc.usedHeapSizeBefore, gc.usedHeapSize,
    gc.totalHeapSize, gc.externalMemory, gc.heapSizeLimit, Math.round(gc.durationMs * 1000))
})
setInterval(() => {
  const heap = v8.getHeapStatistics()
  malloced = heap.malloced_memory
  push(Date.now() - started, 0, 0, 0, heap.used_heap_size, heap.total_heap_size, heap.external_memory, heap.heap_size_limit, 0)
}, TIMER_MS)
setTimeout(() => {
  fs.writeFileSync(file, zlib.gzipSync(`${rows.join('\n')}\n`))
  process.exit(0)
}, Number(seconds) * 1000)

program.run(load)
