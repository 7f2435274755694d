'use strict'

// Preloaded into the example, which stays an example: tells the demo what tidemark tells the app.

const tidemark = require('../../index.js')

tidemark.on('stats', ({ usedHeapSize, state }) => {
  const { heldBackBy } = tidemark.status().channels.heap
  tell({ event: 'stats', usedHeapSize, state, heldBackBy })
})
tidemark.on('leak', ({ message, channel }) => tell({ event: 'leak', message, channel }))

process.on('disconnect', () => process.exit()) // the demo has ended, however it ended

function tell (message) {
  if (process.connected) process.send(message, () => {})
}
