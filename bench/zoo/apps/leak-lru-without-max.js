'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /quote/:id', container: 'LRUCache', line: 'cache.set(' },
  request: oneIn(4, (k) => ({ path: `/quote/${k}` })),
  app (app) {
    const { LRUCache } = require('lru-cache')
    // A ttl without a max and without ttlAutopurge: what is never asked for again is never dropped.
    const cache = new LRUCache({ ttl: 1000 })
    app.get('/quote/:id', (req, res) => {
      let quote = cache.get(req.params.id)
      if (quote === undefined) {
        quote = { id: req.params.id, lines: Array.from({ length: 25 }, (_, line) => ({ line, price: line * 1.5 })) }
        cache.set(req.params.id, quote)
      }
      res.json(quote)
    })
  }
}
