'use strict'

// What the hook takes for a full GC, by its own clock: RSS read and all channels judged, with the
// caches as cold as a collection leaves them. A heap that grows is the dear case for the judge.
const tidemark = require('../../..')

tidemark.start()
const kept = []
let turn = 0

function work () {
  for (let i = 0; i < 20000; i++) kept.push({ i, turn })
  tidemark.gc()
  if (++turn < 100) return setTimeout(work, 5)
  console.log(JSON.stringify(tidemark.status().cost))
  process.exit(0)
}
work()
