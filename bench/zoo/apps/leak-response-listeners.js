'use strict'

const { EventEmitter } = require('node:events')
const { oneIn } = require('../shop')

const prices = new EventEmitter().setMaxListeners(0) // as people silence the warning

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /prices', container: 'EventEmitter', line: 'prices.on(' },
  request: oneIn(4, () => ({ path: '/prices' })),
  app (app) {
    app.get('/prices', (req, res) => {
      prices.on('change', (price) => { if (!res.writableEnded) res.write(price) })
      res.json({ listeners: prices.listenerCount('change') })
    })
  }
}
