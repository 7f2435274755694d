'use strict'

// Formatters are memoized by locale and options; after 45 seconds of a world tour all are there.
exports.label = 'healthy'
exports.run = (load) => {
  const formatters = new Map()
  load.rate(700, async (i) => {
    const key = Math.floor(load.random() * Math.min(900, 20 * load.seconds()))
    if (!formatters.has(key)) {
      formatters.set(key, { key, patterns: Array.from({ length: 24 }, (_, j) => load.text(300 + j)) })
    }
    await load.handle(i)
  })
}
