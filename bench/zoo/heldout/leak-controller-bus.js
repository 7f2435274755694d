'use strict'

const { EventEmitter } = require('node:events')
const { oneIn } = require('../shop')

class OrderBus extends EventEmitter {
  constructor () {
    super()
    this.setMaxListeners(Infinity)
  }
}

class CheckoutController {
  #bus

  constructor (bus) {
    this.#bus = bus
    this.create = this.create.bind(this)
  }

  async create (req, res) {
    const basket = { user: req.params.user, lines: Array.from({ length: 30 }, (_, i) => ({ sku: `sku-${i}`, count: 1 })) }
    await new Promise((resolve) => setImmediate(resolve))
    // A payment that is never captured leaves its listener.
    this.#bus.on('payment:captured', (payment) => {
      if (payment.user === basket.user) basket.paid = true
    })
    res.status(201).json({ user: basket.user, lines: basket.lines.length })
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /checkout/:user', container: 'OrderBus', line: "#bus.on('payment:captured'" },
  request: oneIn(4, (k) => ({ method: 'POST', path: `/checkout/user-${k}` })),
  app (app) {
    const controller = new CheckoutController(new OrderBus())
    app.post('/checkout/:user', controller.create)
  }
}
