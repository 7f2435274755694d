'use strict'

// memwatch's users compare the heap at every 'stats'. What that collects must not be told again.
const { once } = require('node:events')
const tidemark = require('../..')
const { setTimeout: wait } = require('node:timers/promises')

let stats = 0
let hd
const diffs = []

tidemark.start({ source: process.argv[2], idleGc: false })
tidemark.on('stats', () => {
  stats++
  if (hd !== undefined) diffs.push(hd.end())
  hd = new tidemark.HeapDiff()
})

/** Collects, waits for the 'stats' of that, and then for any that it should not have caused. */
async function collect () {
  const told = once(tidemark, 'stats')
  tidemark.gc()
  await told
  await wait(300)
  return stats
}

async function main () {
  const afterFirst = await collect()
  const afterSecond = await collect()
  const samples = tidemark.history().samples.length
  tidemark.stop()
  console.log(JSON.stringify({ afterFirst, afterSecond, samples, diffs: diffs.length }))
}

main()
