'use strict'

// Records itself until it is killed. Arguments: the directory, and what it does: 'turns' of its event loop,
// or 'blocks' it. Prints a line when it has started, and one for each full GC that it knows of: the time and
// how many there were.

const { writeSync } = require('node:fs')
const tidemark = require('../..')

const [directory, way] = process.argv.slice(2)
tidemark.start({ recorder: directory, sampleIntervalMs: 100, idleGc: false, evidence: [] })
writeSync(1, `${Date.now()} 0\n`)

let kept = []
let known = 0
function work () {
  const { count } = tidemark.status().gc.major
  if (count > known) writeSync(1, `${Date.now()} ${count}\n`)
  known = count
  // External memory makes V8 collect all of its heap.
  kept.push(Buffer.alloc(1 << 20))
  for (let i = 0; i < 2000; i++) kept.push({ i, text: `${i}` })
  if (kept.length > 200000) kept = []
}

if (way === 'blocks') {
  // The first turn goes by, then there is none.
  setTimeout(() => { for (;;) work() }, 50)
} else {
  setInterval(work, 10)
}
