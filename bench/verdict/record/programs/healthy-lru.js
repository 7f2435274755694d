'use strict'

// A cache for 16000 pages, some keys far more wanted than others: it fills ever more slowly.
exports.label = 'healthy'
exports.run = (load) => {
  const cache = new Map()
  load.rate(700, async (i) => {
    const key = load.zipf(100000, 0.6)
    const page = cache.get(key) ?? await load.handle(i, { rows: 4, bytes: 500 })
    cache.delete(key)
    cache.set(key, page)
    if (cache.size > 16000) cache.delete(cache.keys().next().value)
    await load.handle(i, { rows: 15 })
  })
}
