'use strict'

// Every way in which a HeapDiff can be stopped.
const { HeapDiff } = require('../..')

const failed = (promise) => promise.then(() => null, (error) => ({ name: error.name, message: error.message, code: error.code, reason: error.reason }))

async function main () {
  const kept = Array.from({ length: 20000 }, (_, n) => ({ n }))
  const aborted = await failed(HeapDiff.start({ signal: AbortSignal.abort() }))

  const controller = new AbortController()
  const starting = failed(HeapDiff.start({ signal: controller.signal }))
  controller.abort(new Error('no longer wanted'))
  const abortedWhileRunning = await starting

  const diff = await HeapDiff.start()
  const abortedFinish = await failed(diff.finish({ signal: AbortSignal.abort() }))
  const over = await failed(diff.finish())

  const tooLarge = await failed(HeapDiff.start({ maxMemory: 1048576 }))
  const badOption = await failed(HeapDiff.start({ maxMemory: 'all' }))
  const unknown = await failed(HeapDiff.start({ signl: 1 }))
  const enough = await (await HeapDiff.start({ maxMemory: 1e9 })).finish()
  console.log(JSON.stringify({ aborted, abortedWhileRunning, abortedFinish, over, tooLarge, badOption, unknown, nodes: enough.after.nodes, kept: kept.length }))
}

main()
