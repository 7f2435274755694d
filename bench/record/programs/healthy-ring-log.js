'use strict'

// The last 9000 log lines are kept for a status page; the ring is full after half the time.
exports.label = 'healthy'
exports.run = (load) => {
  const lines = []
  load.rate(200, async (i) => {
    const rows = await load.handle(i)
    lines.push({ at: new Date(), message: `request ${i}`, context: rows[0] })
    if (lines.length > 9000) lines.shift()
  })
}
