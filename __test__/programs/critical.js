'use strict'

// Leaks at an even pace until it is told to be critical, and for some looks after that.

const tidemark = require('../..')

const critical = []
let looks = 0
tidemark.start({ sampleIntervalMs: 200, evidence: [], idleGcIntervalMs: 1000 })
tidemark.on('critical', (event) => { critical.push(event) })

const kept = []
const timer = setInterval(() => {
  for (let i = 0; i < 3000; i++) kept.push({ i, text: `text ${i}` })
  const health = tidemark.health()
  if (health.state !== 'critical' || ++looks < 40) return
  clearInterval(timer)
  console.log(JSON.stringify({ critical, health, leftMs: health.timeToLimitMs }))
  process.exit()
}, 50)
