'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'healthy',
  hard: true, // the run ends about when the cache is full
  request: oneIn(4, (k) => ({ path: `/thumb/${Math.floor(Math.abs(Math.sin(k) * 1e4)) % 6000}` })),
  app (app) {
    const { LRUCache } = require('lru-cache')
    const cache = new LRUCache({ max: 5000 })
    app.get('/thumb/:id', (req, res) => {
      let thumb = cache.get(req.params.id)
      if (thumb === undefined) cache.set(req.params.id, thumb = Array.from({ length: 400 }, (_, i) => i * 0.5))
      res.json({ id: req.params.id, points: thumb.length })
    })
  }
}
