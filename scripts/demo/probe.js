'use strict'

// Preloaded into the example, which stays an example: tells the demo what tidemark tells the app.

const tidemark = require('../../index.js')

/**
 * An app that keeps nothing gives V8 little reason for full GCs, and without any, silence would prove
 * nothing. Where none came for so long the probe asks for one, so that the fixed app gives the
 * detector as many readings as the leaky one did.
 */
const collectEveryMs = Number(process.env.DEMO_COLLECT_EVERY_MS ?? Infinity)
let collectedAt = performance.now()
if (collectEveryMs < Infinity) {
  setInterval(() => {
    if (performance.now() - collectedAt >= collectEveryMs) tidemark.gc()
  }, collectEveryMs / 4).unref()
}

tidemark.on('stats', ({ usedHeapSize, state }) => {
  collectedAt = performance.now()
  const { heldBackBy } = tidemark.status().channels.heap ?? {}
  tell({ event: 'stats', usedHeapSize, state, heldBackBy })
})
tidemark.on('leak', ({ message, channel }) => tell({ event: 'leak', message, channel }))

process.on('disconnect', () => process.exit()) // the demo has ended, however it ended

function tell (message) {
  if (process.connected) process.send?.(message, () => {})
}
