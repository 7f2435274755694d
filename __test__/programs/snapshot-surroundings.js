'use strict'

// Takes a snapshot in each way where something is missing: node snapshot-surroundings.js SITUATION FOLDER.
// Prints how each ended, what is left in the folder, and that the app still works.

const fs = require('node:fs')
const path = require('node:path')

const [situation, folder] = process.argv.slice(2)

// A Node.js before 18.15 learns that the disk is full when it writes.
if (situation === 'disk that fills') fs.promises.statfs = undefined

const tidemark = require('../..')
const binding = require('../../lib/binding').loadBinding()

const file = path.join(folder, 'taken.heapsnapshot')
const write = (options) => tidemark.writeHeapSnapshot(file, options)

const WAYS = {
  fork: () => write({ method: 'fork' }),
  auto: () => write({ method: 'auto' }),
  'in-process': () => write({ method: 'in-process' }),
  redacted: () => write({ method: 'in-process', redact: true }),
  async nameless () {
    const { captureNameless } = require('../../lib/snapshot')
    const { close } = await captureNameless(binding, {})
    await close()
  },
  heapDiff: () => new tidemark.HeapDiff().end(),
  heapDiffOffLoop: async () => (await tidemark.HeapDiff.start()).finish()
}

// As where the app was started with what may take snapshots; otherwise they are loaded when they are called.
if (situation === 'no descriptors at first') delete WAYS.nameless
else require('../../lib/snapshot')

/** More than the process may have. */
function useUpDescriptors () {
  const used = []
  try {
    for (;;) used.push(fs.openSync('/dev/null'))
  } catch {
    return () => used.forEach((descriptor) => fs.closeSync(descriptor))
  }
}

async function main () {
  // A capture for tidemark's own eyes keeps nothing alive.
  const alive = setInterval(() => {}, 1000)
  const noDescriptors = situation.startsWith('no descriptors')
  const release = noDescriptors ? useUpDescriptors() : () => {}
  const ends = {}
  for (const [way, take] of Object.entries(WAYS)) {
    try {
      await take()
      ends[way] = { ended: 'taken' }
    } catch ({ code, reason, message, need, available }) {
      ends[way] = { ended: code, reason, message, need, available }
    }
    fs.rmSync(file, { force: true })
  }
  release()
  const after = noDescriptors ? await write({ method: 'auto' }).then(() => 'taken', ({ message }) => message) : undefined
  fs.rmSync(file, { force: true })
  clearInterval(alive)
  console.log(JSON.stringify({ ends, after, left: fs.readdirSync(folder) }))
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})
