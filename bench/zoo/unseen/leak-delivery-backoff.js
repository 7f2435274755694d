'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { oneIn } = require('../shop')

class Deliveries {
  constructor () {
    this.done = 0
    this.enqueue = this.enqueue.bind(this)
  }

  enqueue (req, res) {
    const items = Array.from({ length: 60 }, (_, i) => ({ sku: `${req.params.shop}-${i}`, left: i * 3, changedAt: Date.now() + i * 0.5 }))
    this.deliver({ shop: req.params.shop, items })
    res.sendStatus(202)
  }

  async deliver (event) {
    // No last attempt: what the shop never takes waits for ever longer.
    for (let delay = 2000; !await this.post(event); delay *= 2) {
      await sleep(delay, event, { ref: false })
    }
    this.done++
  }

  async post (event) {
    await new Promise((resolve) => setImmediate(resolve))
    return event.items.length === 0
  }
}

module.exports = {
  label: 'leak',
  channel: ['resources', 'heap'],
  culprit: { route: 'POST /hooks/:shop/stock', container: 'Timeout', line: 'await sleep(delay, event' },
  request: oneIn(4, (k) => ({ method: 'POST', path: `/hooks/shop-${k % 500}/stock` })),
  app (app) {
    app.post('/hooks/:shop/stock', new Deliveries().enqueue)
  }
}
