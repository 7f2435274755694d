'use strict'

// The last 30000 log lines are kept for a status page; the ring is full after half the time.
exports.label = 'healthy'
exports.run = (load) => {
  const lines = []
  load.rate(700, async (i) => {
    const rows = await load.handle(i)
    lines.push({ at: new Date(), message: `request ${i}`, context: rows[0] })
    if (lines.length > 30000) lines.shift()
  })
}
