'use strict'

const { DateTime } = require('luxon')
const { oneIn } = require('../shop')

class Quote {
  constructor (customer, lines) {
    this.customer = customer
    this.lines = lines
  }

  total () {
    const sum = this.lines.reduce((cents, { count, price }) => cents + count * price, 0)
    this.note(`total for ${this.customer}: ${sum}`)
    return sum
  }

  note (text) {
    this.notes.push({ text, at: DateTime.now(), lines: this.lines })
  }
}

/** What a quote has where nothing else was agreed. */
Object.assign(Quote.prototype, { currency: 'EUR', validDays: 14, discount: 0, notes: [] })

const BODY = JSON.stringify({ lines: Array.from({ length: 12 }, (_, id) => ({ id, count: 1 + id % 3, price: 500 + id })) })

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /customers/:id/quotes', container: 'notes', line: 'this.notes.push(' },
  request: oneIn(4, (k) => k % 4 === 3 ? { path: '/quotes/terms' } : {
    method: 'POST',
    path: `/customers/c${k}/quotes`,
    headers: { 'content-type': 'application/json' },
    body: BODY
  }),
  app (app, express) {
    app.get('/quotes/terms', (req, res) => res.json({ currency: Quote.prototype.currency, until: DateTime.now().plus({ days: Quote.prototype.validDays }).toISODate() }))
    app.post('/customers/:id/quotes', express.json(), (req, res) => {
      const quote = new Quote(req.params.id, req.body.lines)
      res.status(201).json({ total: quote.total(), currency: quote.currency, discount: quote.discount })
    })
  }
}
