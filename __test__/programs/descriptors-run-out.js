'use strict'

// With 300 descriptors. 'leak': files are opened and never closed, from the start on, until there is none left. 'gone':
// there is none left when the first suspicion comes, which is of the heap. Prints what is reported, and what else
// works without a descriptor.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const tidemark = require('../..')

const [what, limited] = process.argv.slice(2)
/** Before the test's deadline. */
const LATEST_MS = 350000
const files = []
const kept = new Map()

if (limited === undefined) {
  const { status } = spawnSync('sh', ['-c', 'ulimit -n 300 && exec "$0" "$@"', process.execPath, __filename, what, 'limited'], { stdio: 'inherit' })
  process.exitCode = status
} else {
  main()
}

/** @returns {boolean} whether there was one left */
function open () {
  try {
    files.push(fs.openSync(__filename))
    return true
  } catch (error) {
    if (error.code !== 'EMFILE') throw error
    return false
  }
}

function leakHeap () {
  for (let i = 0; i < 1000; i++) kept.set(kept.size, { i, text: `${i} of ${kept.size}` })
}

function main () {
  let turn = 0
  tidemark.start({ sampleIntervalMs: 200, memoryLimit: 600 * (1 << 20) })
  tidemark.on('leak', (leak) => { if (leak.channel === (what === 'leak' ? 'resources' : 'heap')) report(leak) })
  if (what === 'gone') while (open());
  setInterval(() => {
    if (what === 'gone') leakHeap()
    else if (turn++ % 10 === 0) open()
    for (let i = 0; i < 5; i++) Buffer.from(JSON.stringify(Array.from({ length: 500 }, (_, n) => ({ n }))))
  }, 20)
  setInterval(() => tidemark.gc(), 500)
  setTimeout(() => {
    console.error(`nothing was reported; ${files.length} files are open, ${kept.size} entries are kept: ${JSON.stringify(tidemark.status())}`)
    process.exit(1)
  }, LATEST_MS)
}

async function report ({ channel, suspects }) {
  while (open());
  const { evidence, problems, resources } = tidemark.status()
  const census = await tidemark.census().catch(({ code, message }) => ({ code, message }))
  const snapshot = await tidemark.writeHeapSnapshot('never-written.heapsnapshot').catch(({ code, message }) => ({ code, message }))
  const profile = await tidemark.profile({ durationMs: 100 }).catch(({ code, message }) => ({ code, message }))
  console.log(JSON.stringify({
    seconds: Math.round(process.uptime()),
    channel,
    kinds: suspects.map(({ kind }) => kind),
    suspects: suspects.map(({ description }) => description),
    sources: Object.keys(evidence.durationMs),
    problems,
    openFiles: resources.OpenFile,
    leftOpen: files.length,
    census: { code: census.code, message: census.message, largest: census.containers?.[0]?.name, problems: census.problems },
    snapshot: { code: snapshot.code, message: snapshot.message },
    profile: { code: profile.code, message: profile.message, sites: profile.sites?.length }
  }))
  process.exit(0)
}
