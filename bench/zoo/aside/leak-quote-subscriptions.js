'use strict'

const { EventEmitter } = require('node:events')
const { oneIn } = require('../shop')

/** The prices of the exchange, as they change. There are many who listen. */
class Feed extends EventEmitter {
  rate = 1

  start () {
    setInterval(() => this.emit('rates', this.rate = 1 + Math.random() / 50), 5000).unref()
    return this.setMaxListeners(0)
  }
}

class Calculation {
  constructor (feed) {
    this.feed = feed
    this.rate = feed.rate
    this.onRates = (rate) => { this.rate = rate }
    feed.on('rates', this.onRates)
  }

  close () {
    this.feed.off('rates', this.onRates)
  }
}

class Freight extends Calculation {
  constructor (feed, parcels) {
    super(feed)
    this.parcels = Array.from({ length: parcels }, (_, i) => ({ id: i, kg: 1 + i % 7, zone: `zone-${i % 5}` }))
  }

  cents () {
    return Math.round(this.parcels.reduce((sum, { kg }) => sum + kg * 310, 0) * this.rate)
  }

  /** The parcels may be changed no longer. */
  close () {
    Object.freeze(this.parcels)
  }
}

class Duty extends Calculation {
  cents (value) { return Math.round(value * 0.12 * this.rate) }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /freight', container: 'rates', line: "feed.on('rates', this.onRates)" },
  request: oneIn(4, (k) => k % 3 === 2 ? { path: `/duty?value=${k}` } : { path: `/freight?parcels=${12 + k % 9}` }),
  app (app) {
    const feed = new Feed().start()
    const answer = (res, calculation, value) => {
      res.json({ cents: calculation.cents(value) })
      calculation.close()
    }
    app.get('/freight', (req, res) => answer(res, new Freight(feed, Number(req.query.parcels))))
    app.get('/duty', (req, res) => answer(res, new Duty(feed), Number(req.query.value)))
  }
}
