'use strict'

const { oneIn } = require('../shop')

const DAY = 24 * 3600 * 1000
const reminders = {}

/** Reminds of a cart a day after its last change. */
function scheduleReminder (cartId, cart) {
  clearTimeout(reminders[cartId])
  reminders[cartId] = setTimeout(() => {
    console.log('cart left behind', cartId, cart.items.length)
    delete reminders[cartId]
  }, DAY)
}

module.exports = {
  label: 'leak',
  channel: ['resources', 'heap'],
  culprit: { route: 'PUT /carts/:cart', container: 'reminders', line: 'reminders[cartId] = setTimeout(' },
  request: oneIn(4, (k) => ({
    method: 'PUT',
    path: `/carts/cart-${k}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ items: Array.from({ length: 20 }, (_, i) => ({ sku: `sku-${i}`, count: i + 1 })) })
  })),
  app (app, express) {
    app.put('/carts/:cart', express.json(), (req, res) => {
      scheduleReminder(req.params.cart, req.body)
      res.json({ saved: req.body.items.length })
    })
  }
}
