'use strict'

// Measures what is needed to take a snapshot of a heap of some kind (see kinds.js). Prints a line of
// __test__/snapshot-need.csv, which the predictions are held against: Node.js, kind, bytes of used heap,
// of these in large objects, nodes of the snapshot, and the most bytes that the child had beyond its
// parent (private pages; copies of written ones are among them).
//   node --max-old-space-size=4000 bench/snapshot/need.js KIND MB [fork]
// With another way, of __test__/snapshot-need-in-process.csv: what the process had beyond what it had
// before, and the way instead of the nodes: in-process, redact (in the process), heap-diff.

const { readFileSync, rmSync, writeFileSync } = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: wait } = require('node:timers/promises')
const v8 = require('node:v8')
const { KINDS } = require('./kinds')
const tidemark = require('../..')

const MB = 1e6

async function main () {
  const [kind, mb, way = 'fork'] = process.argv.slice(2)
  const held = []
  const used = () => { const { used_heap_size, external_memory } = v8.getHeapStatistics(); return used_heap_size + (kind === 'Buffers' ? external_memory : 0) }
  const base = used()
  for (let i = 0; ; i++) {
    held.push(KINDS[kind](i))
    // V8 grows its heap meanwhile, and must not be asked for it all within one turn.
    if (i % 64 === 0) await wait(0)
    if (used() - base < mb * MB) continue
    tidemark.gc()
    if (used() - base >= mb * MB * 0.98) break
  }
  const large = v8.getHeapSpaceStatistics()
    .filter(({ space_name: name }) => ['large_object_space', 'new_large_object_space'].includes(name))
    .reduce((sum, { space_used_size: size }) => sum + size, 0)
  const { used_heap_size: usedHeapSize } = v8.getHeapStatistics()
  const [major] = process.versions.node.split('.')
  if (way !== 'fork') {
    console.log([major, kind, way, usedHeapSize, large, await inProcess(way)].join(','))
    held.length = 0
    return
  }
  const file = path.join(os.tmpdir(), `tidemark-need-${process.pid}.heapsnapshot`)
  let need = 0
  const looking = setInterval(() => {
    for (const child of children()) need = Math.max(need, privateBytes(child))
  }, 40)
  await tidemark.writeHeapSnapshot(file, { force: true })
  clearInterval(looking)
  const nodes = /"node_count":(\d+)/.exec(readFileSync(file).toString('latin1', 0, 20000))[1]
  rmSync(file)
  console.log([major, kind, usedHeapSize, large, nodes, need].join(','))
  held.length = 0
}

const WAYS = {
  'in-process': (file) => tidemark.writeHeapSnapshot(file, { force: true, method: 'in-process' }),
  redact: (file) => tidemark.writeHeapSnapshot(file, { force: true, method: 'in-process', redact: true }),
  'heap-diff': () => new tidemark.HeapDiff({ force: true }).end()
}

/** Bytes of the peak beyond what the process has before. */
async function inProcess (way) {
  const file = path.join(os.tmpdir(), `tidemark-need-${process.pid}.heapsnapshot`)
  // Sets the peak to what it has now.
  writeFileSync('/proc/self/clear_refs', '5')
  const before = residentBytes('VmRSS')
  await WAYS[way](file)
  rmSync(file, { force: true })
  return residentBytes('VmHWM') - before
}

function residentBytes (name) {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
}

function children () {
  return readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
}

function privateBytes (child) {
  try {
    const text = readFileSync(`/proc/${child}/smaps_rollup`, 'utf8')
    return [...text.matchAll(/^Private_\w+: +(\d+) kB/gm)].reduce((sum, [, kb]) => sum + kb * 1024, 0)
  } catch {
    return 0
  }
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
