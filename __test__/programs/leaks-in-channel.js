'use strict'

// Leaks in the channel that is named, fast and with a limit near, until it is told; prints the leak.
// Usage: node leaks-in-channel.js heap|external|resources|files [auto|perf_hooks [OPTIONS]]
const fs = require('node:fs')
const tidemark = require('../..')

const [what, source = 'auto', options = '{}'] = process.argv.slice(2)
const kept = []
let turn = 0

const leaks = {
  heap () {
    for (let i = 0; i < 4000; i++) kept.push({ i, text: `${i} of ${kept.length}` })
  },
  external () {
    kept.push(Buffer.alloc(1 << 18, 1))
  },
  resources () {
    kept.push(setTimeout(() => {}, 3600000))
  },
  files () {
    // Ten a second: a process may have no more than 1024.
    if (turn++ % 5 === 0) kept.push(fs.openSync(__filename))
  }
}
const channel = what === 'files' ? 'resources' : what

// On a busy machine a GC takes long.
tidemark.start({ source, maxPauseMs: 2000, sampleIntervalMs: 200, memoryLimit: process.memoryUsage.rss() + 400 * (1 << 20), ...JSON.parse(options) })
tidemark.on('leak', (leak) => {
  if (leak.channel !== channel) return
  const { source, problems, channels, evidence } = tidemark.status()
  console.log(JSON.stringify({ leak, source, problems, state: channels[channel].state, evidence }))
  process.exit(0)
})

setInterval(() => {
  leaks[what]()
  // Garbage as a service makes it, so that V8 collects.
  for (let i = 0; i < 5; i++) Buffer.from(JSON.stringify(Array.from({ length: 500 }, (_, n) => ({ n }))))
}, 20)
setInterval(() => tidemark.gc(), 1000)
