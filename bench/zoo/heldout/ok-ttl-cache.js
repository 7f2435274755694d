'use strict'

const { oneIn } = require('../shop')

class TtlCache {
  constructor (ttlMs) {
    this.ttlMs = ttlMs
    this.entries = Object.create(null)
    setInterval(() => this.sweep(), 2000).unref()
  }

  set (key, value) {
    this.entries[key] = { value, until: Date.now() + this.ttlMs }
  }

  sweep () {
    const now = Date.now()
    for (const key in this.entries) if (this.entries[key].until < now) delete this.entries[key]
  }
}

module.exports = {
  label: 'healthy',
  request: oneIn(3, (k) => ({ path: `/rates/${k}` })),
  app (app) {
    const cache = new TtlCache(10000)
    app.get('/rates/:pair', async (req, res) => {
      const rates = Array.from({ length: 60 }, (_, day) => ({ day, rate: 1 + day / 100 }))
      cache.set(req.params.pair, rates)
      await new Promise((resolve) => setTimeout(resolve, 5))
      res.json(rates.slice(0, 5))
    })
  }
}
