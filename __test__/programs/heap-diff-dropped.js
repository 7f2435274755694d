'use strict'

// HeapDiffs that nobody ends: their native memory goes with them.
const tidemark = require('../..')
const { gcUntil } = require('../helpers/gc-until')

async function main () {
  const kept = Array.from({ length: 50000 }, (_, n) => ({ n }))
  const external = () => process.memoryUsage().external
  const collect = () => tidemark.gc()
  collect()
  const before = external()
  const dropped = [new tidemark.HeapDiff(), new tidemark.HeapDiff()]
  const held = external() - before
  dropped.length = 0
  await gcUntil(collect, () => external() < before + held / 4)
  console.log(JSON.stringify({ held, left: external() - before, kept: kept.length }))
}

main()
