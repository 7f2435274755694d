'use strict'

// A cache for 6000 pages, some keys far more wanted than others: it fills ever more slowly.
exports.label = 'healthy'
exports.run = (load) => {
  const cache = new Map()
  load.rate(250, async (i) => {
    const key = load.zipf(40000, 0.6)
    const page = cache.get(key) ?? await load.handle(i, { rows: 4, bytes: 500 })
    cache.delete(key)
    cache.set(key, page)
    if (cache.size > 6000) cache.delete(cache.keys().next().value)
    await load.handle(i, { rows: 15 })
  })
}
