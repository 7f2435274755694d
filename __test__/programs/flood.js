'use strict'

// One long turn of JavaScript: a leak by memwatch's rule, and then more full GCs than the queue of
// 'stats' holds. The leak must come out all the same. With the argument 'gc' every collection is heard.
const tidemark = require('../..')

const heard = { leaks: 0, stats: 0, forced: [] }
tidemark.start({ detector: 'memwatch', consecutive: 3 })
tidemark.on('leak', () => { heard.leaks++ })
tidemark.on('stats', () => { heard.stats++ })
if (process.argv[2] === 'gc') tidemark.on('gc', ({ kind, forced }) => { if (kind === 'major') heard.forced.push(forced) })

const kept = []
for (let i = 0; i < 4; i++) {
  for (let j = 0; j < 20000; j++) kept.push({ i, j })
  tidemark.gc()
}
kept.length = 0
for (let i = 0; i < 150; i++) {
  tidemark.gc()
}
setTimeout(() => {
  console.log(JSON.stringify({ ...heard, problems: tidemark.status().problems }))
  process.exit(0)
}, 50)
