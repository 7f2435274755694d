'use strict'

const tidemark = require('../..')

const events = { minor: 0, major: 0, incremental: 0, weakcb: 0 }
tidemark.start({ source: 'perf_hooks' })
tidemark.on('gc', ({ kind }) => { events[kind]++ })

let turns = 0
let last
function work () {
  for (let j = 0; j < 200000; j++) last = { j, text: `${j}`, turns }
  if (turns % 20 === 0) tidemark.gc()
  if (++turns < 60) return setTimeout(work, 1)
  setTimeout(() => {
    const { gc: counted, source } = tidemark.status()
    if (last.turns < 0) throw new Error('never')
    console.log(JSON.stringify({ events, counted, source }))
    process.exit(0)
  }, 100)
}
work()
