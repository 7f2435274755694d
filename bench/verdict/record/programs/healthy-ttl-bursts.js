'use strict'

// Entries live for eight seconds; every ten seconds there is a burst.
exports.label = 'healthy'
exports.run = (load) => {
  const cache = new Map()
  load.rate((t) => (t % 10 < 2 ? 1200 : 400), async (i) => {
    const rows = await load.handle(i)
    cache.set(i, rows[0])
    setTimeout(() => cache.delete(i), 8000)
  })
}
