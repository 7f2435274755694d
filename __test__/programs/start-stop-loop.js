'use strict'

const { setImmediate } = require('node:timers/promises')
const tidemark = require('../..')

async function cycle (times) {
  for (let i = 0; i < times; i++) {
    const listener = () => {}
    tidemark.on('stats', listener)
    tidemark.removeListener('stats', listener)
    if (i % 10 === 0) await setImmediate()
  }
  for (let i = 0; i < 5; i++) {
    globalThis.gc()
    await setImmediate()
  }
  return process.memoryUsage.rss()
}

async function main () {
  await cycle(500)
  const before = await cycle(500)
  const after = await cycle(1000)
  console.log(JSON.stringify({ growth: after - before }))
}
main()
