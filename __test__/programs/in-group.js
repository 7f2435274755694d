'use strict'

// Records itself in a memory group and tells what it sees of the limit: a line of JSON with each look. Leaks
// once stdin says so.

const tidemark = require('../..')

tidemark.start({ recorder: process.argv[2], sampleIntervalMs: 100, evidence: [], idleGc: false })
const kept = []
const timer = setInterval(() => {
  console.log(JSON.stringify({ limit: tidemark.status().memory.cgroup?.limit, state: tidemark.health().state }))
}, 100)
process.stdin.once('data', () => {
  clearInterval(timer)
  setInterval(() => { kept.push(Buffer.alloc(4 << 20, 1)) }, 100)
})
