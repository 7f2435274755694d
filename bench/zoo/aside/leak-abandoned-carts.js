'use strict'

const { LRUCache } = require('lru-cache')
const { oneIn } = require('../shop')

/** Carts in memory are bounded. Those that fall out are mailed to marketing by the job of the night, of which there is none in this process. */
function cartsOf (app) {
  app.locals.abandoned = []
  return new LRUCache({
    max: 400,
    dispose (cart, id, reason) {
      const { abandoned } = app.locals
      if (reason === 'evict') abandoned.push({ id, cart })
    }
  })
}

const ITEM = JSON.stringify({ sku: 'shoes-42', count: 1, options: Array.from({ length: 10 }, (_, i) => ({ id: i, value: `choice-${i * 37}` })) })

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /carts/:id/items', container: 'abandoned', line: 'abandoned.push({ id, cart })' },
  // A visitor puts three things into the cart and looks at it once.
  request: oneIn(3, (k) => k % 4 === 3
    ? { path: `/carts/v${k >> 2}` }
    : { method: 'POST', path: `/carts/v${k >> 2}/items`, headers: { 'content-type': 'application/json' }, body: ITEM }),
  app (app, express) {
    const carts = cartsOf(app)
    app.get('/carts/:id', (req, res) => res.json(carts.get(req.params.id)?.items ?? []))
    app.post('/carts/:id/items', express.json(), (req, res) => {
      const cart = carts.get(req.params.id) ?? { opened: new Date(), agent: req.get('user-agent'), items: [] }
      cart.items.push({ ...req.body, at: new Date(), price: { cents: 4200, vat: 0.19 } })
      carts.set(req.params.id, cart)
      res.status(201).json({ items: cart.items.length })
    })
  }
}
