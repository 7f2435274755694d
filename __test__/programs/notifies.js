'use strict'

// Leaks until it is told so, by the rule that needs five collections, and then ends by itself: node notifies.js URL

const tidemark = require('../..')

const kept = new Map()
tidemark.start({ detector: 'memwatch', channels: ['heap'] })
tidemark.notify({ webhook: process.argv[2], format: 'json' })
tidemark.on('leak', ({ signature }) => {
  clearInterval(leaking)
  // The message is on its way, and keeps nothing alive.
  setTimeout(() => console.log(JSON.stringify({ signature })), 2000)
})
const leaking = setInterval(() => {
  for (let i = 0; i < 20000; i++) kept.set(`key ${kept.size}`, { i, list: [i] })
  tidemark.gc()
}, 50)
