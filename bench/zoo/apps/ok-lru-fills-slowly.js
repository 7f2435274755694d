'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'healthy',
  hard: true, // 5000 keys drawn at random into 4000 places: ever slower, and not quite full at the end
  request: oneIn(4, (k) => ({ path: `/thumb/${mix(k) % 5000}` })),
  app (app) {
    const { LRUCache } = require('lru-cache')
    const cache = new LRUCache({ max: 4000 })
    app.get('/thumb/:id', (req, res) => {
      let thumb = cache.get(req.params.id)
      if (thumb === undefined) cache.set(req.params.id, thumb = Array.from({ length: 400 }, (_, i) => i * 0.5))
      res.json({ id: req.params.id, points: thumb.length })
    })
  }
}

/** The same numbers in each run, but without an order (the finalizer of MurmurHash3). */
function mix (k) {
  k = Math.imul(k ^ k >>> 16, 0x85ebca6b)
  k = Math.imul(k ^ k >>> 13, 0xc2b2ae35)
  return (k ^ k >>> 16) >>> 0
}
