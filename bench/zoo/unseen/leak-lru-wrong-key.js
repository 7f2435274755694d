'use strict'

const { oneIn } = require('../shop')

function pageCache (max) {
  const rendered = new Map()
  const order = []
  return {
    get: (listing, currency) => rendered.get(`${listing}:${currency}`),
    set (listing, currency, html) {
      rendered.set(`${listing}:${currency}`, html)
      order.push(listing)
      // The key to evict lacks the currency: nothing is ever deleted.
      if (order.length > max) rendered.delete(order.shift())
    }
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /listings/:id', container: 'rendered', line: 'rendered.set(' },
  request: oneIn(8, (k) => ({ path: `/listings/${k}?currency=${k % 2 ? 'EUR' : 'CHF'}` })),
  app (app) {
    const cache = pageCache(100)
    app.get('/listings/:id', (req, res) => {
      const { params: { id }, query: { currency } } = req
      let html = cache.get(id, currency)
      if (html === undefined) {
        html = render(id, currency)
        cache.set(id, currency, html)
      }
      res.type('html').send(html)
    })
  }
}

function render (id, currency) {
  const rows = Array.from({ length: 220 }, (_, i) => `<tr><td>${id}.${i}</td><td class="price">${i * 3 + 9} ${currency}</td></tr>`)
  return `<h1>Listing ${id}</h1><table>${rows.join('\n')}</table>`
}
