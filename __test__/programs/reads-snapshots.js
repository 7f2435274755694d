'use strict'

// Asks the API all that can be asked about the snapshots in the arguments, oldest first, or, with --heap-diff, compares
// two as a HeapDiff does. Prints how many characters the longest answer has as JSON, or the code of the error.

const fs = require('node:fs')
const { HeapSnapshot, readHeapSnapshot } = require('../../lib/analysis')
const { loadBinding } = require('../../lib/binding')
const { resultOf } = require('../../lib/analysis/work')
const { heapDiffShape } = require('../../lib/heap-diff/shape')

const isHeapDiff = process.argv[2] === '--heap-diff'
const files = process.argv.slice(isHeapDiff ? 3 : 2)
let longest = 0
const told = (answer) => {
  longest = Math.max(longest, JSON.stringify(answer).length)
  return answer
}

async function askAll () {
  const snapshots = []
  for (const file of files) snapshots.push(await readHeapSnapshot(loadBinding(), file))
  const last = snapshots.at(-1)
  const { classes } = told(await last.summary({ rows: 1000 }))
  for (const suspect of told(await last.suspects())) told(await last.path(suspect))
  if (classes.length > 0) told(await last.path({ class: classes[0].class }))
  await last.path({ class: 'what is not there' }).catch((error) => told(error.message))
  told(await last.icicle(100_000))
  for (const snapshot of snapshots.slice(0, -1)) {
    told(await last.suspects(snapshot))
    told(await last.diff(snapshot, { rows: 1000 }))
  }
  told(await HeapSnapshot.series(snapshots, { rows: 1000 }))
}

/** What a HeapDiff does with what V8 writes. */
function compare () {
  const { SnapshotReader } = loadBinding()
  const stock = files.map((file) => {
    const reader = new SnapshotReader()
    const descriptor = fs.openSync(file)
    const chunk = Buffer.alloc(65536)
    for (let read; (read = fs.readSync(descriptor, chunk)) > 0 && reader.feed(chunk.subarray(0, read)););
    fs.closeSync(descriptor)
    return resultOf(reader.takeStockSync())
  })
  told(heapDiffShape(resultOf(stock[0].compareSync(stock[1]))))
}

async function main () {
  try {
    if (isHeapDiff) compare()
    else await askAll()
  } catch (error) {
    if (!error.code?.startsWith('ERR_TIDEMARK_SNAPSHOT_')) throw error
    console.log(JSON.stringify({ code: error.code, reason: error.reason }))
    return
  }
  console.log(JSON.stringify({ longest }))
}

main()
