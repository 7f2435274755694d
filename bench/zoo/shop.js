'use strict'

/** A page of text that a person might have written, always the same. */
const TEXT = 'All that is gold does not glitter, not all those who wander are lost. '.repeat(12)

const products = Array.from({ length: 500 }, (_, i) => ({ id: i + 1, name: `Product ${i + 1}`, price: 5 + (i * 7) % 95, tags: ['shop', `group-${i % 20}`] }))

/** The ordinary routes that stand beside the culprit in every app: they drop what they allocate. */
function shop (app, express) {
  const orders = []
  app.get('/', (req, res) => res.send(`<h1>The shop</h1><p>${TEXT}</p>`))
  app.get('/products', (req, res) => {
    const page = Number(req.query.page ?? 1)
    res.json(products.slice((page - 1) * 20, page * 20))
  })
  app.get('/products/:id', (req, res) => res.json({ ...products[Number(req.params.id) % products.length], at: new Date() }))
  app.post('/orders', express.json(), (req, res) => {
    orders.push({ id: req.get('x-request-id'), items: req.body.items, at: new Date() })
    if (orders.length > 200) orders.shift()
    res.status(201).json({ orders: orders.length })
  })
}

const ORDER = JSON.stringify({ items: Array.from({ length: 10 }, (_, id) => ({ id, count: 1 })) })

/** The `n`th request to the ordinary routes. */
function shopRequest (n) {
  switch (n % 4) {
    case 0: return { path: '/' }
    case 1: return { path: `/products?page=${n % 25 + 1}` }
    case 2: return { path: `/products/${n % 500}` }
    default: return { method: 'POST', path: '/orders', headers: { 'content-type': 'application/json' }, body: ORDER }
  }
}

/**
 * One request in `every` goes to the culprit, the others to the shop.
 * @param {number} every
 * @param {(k: number) => {path: string}} culprit the `k`th request to it
 */
function oneIn (every, culprit) {
  return (n) => n % every === 0 ? culprit(n / every) : shopRequest(n)
}

module.exports = { TEXT, shop, shopRequest, oneIn }
