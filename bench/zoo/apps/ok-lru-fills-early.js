'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'healthy',
  // 100 new keys a second: full after 25 s, and evicting from then on.
  request: oneIn(4, (k) => ({ path: `/thumb/${k}` })),
  app (app) {
    const { LRUCache } = require('lru-cache')
    const cache = new LRUCache({ max: 2500 })
    app.get('/thumb/:id', (req, res) => {
      let thumb = cache.get(req.params.id)
      if (thumb === undefined) cache.set(req.params.id, thumb = Array.from({ length: 400 }, (_, i) => i * 0.5))
      res.json({ id: req.params.id, points: thumb.length })
    })
  }
}
