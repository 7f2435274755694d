'use strict'

// A listener of the app that throws at every full GC, and evidence that comes late.

const tidemark = require('../..')

let left = 4
tidemark.on('stats', () => {
  if (--left > 0) setImmediate(() => tidemark.gc())
  throw new Error('bug\nof the app')
})
tidemark.emit('leak-evidence', { time: new Date(), message: 'The JavaScript heap leaks. Found late.' })
const alive = setInterval(() => { if (left <= 0) clearInterval(alive) }, 10)
tidemark.gc()
