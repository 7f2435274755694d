'use strict'

// A histogram for each label, and the label holds the id of the customer. Traffic comes in waves.
exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const histograms = new Map()
  load.rate((t) => 500 + 400 * Math.sin(t / 4), async (i) => {
    const label = `GET /customers/${Math.floor(i / 6)}`
    const histogram = histograms.get(label) ?? { label, buckets: Array.from({ length: 12 }, (_, le) => ({ le, count: 0 })), sum: 0 }
    histogram.buckets[i % 12].count++
    histogram.sum += i
    histograms.set(label, histogram)
    await load.handle(i, { rows: 25 })
  })
}
