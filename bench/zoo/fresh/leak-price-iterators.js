'use strict'

const { EventEmitter, on } = require('node:events')
const { oneIn } = require('../shop')

const SYMBOLS = ['gold', 'silver']

/** Stands for the exchange: one price after the other. */
class Exchange extends EventEmitter {
  last = {}

  open () {
    let tick = 0
    setInterval(() => this.quote(SYMBOLS[tick % 2], 1000 + tick++ % 37), 50).unref()
    return this.setMaxListeners(0)
  }

  quote (symbol, cents) {
    this.last[symbol] = cents
    this.emit('price', { symbol, cents, at: new Date() })
  }
}

/** Waits for the next price: the one of now may be old. */
async function nextPrice (exchange, symbol) {
  const prices = on(exchange, 'price')
  for (;;) {
    const { value: [price] } = await prices.next()
    if (price.symbol === symbol) return price
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /prices/:symbol/next', container: 'Exchange', line: "const prices = on(exchange, 'price')" },
  request: oneIn(10, (k) => ({ path: `/prices/${SYMBOLS[k % 2]}${k % 3 === 0 ? '/next' : ''}` })),
  app (app) {
    const exchange = new Exchange().open()
    app.get('/prices/:symbol', (req, res) => res.json({ cents: exchange.last[req.params.symbol] ?? null }))
    app.get('/prices/:symbol/next', async (req, res) => res.json(await nextPrice(exchange, req.params.symbol)))
  }
}
