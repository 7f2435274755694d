'use strict'

const { promisify } = require('node:util')
const gzip = promisify(require('node:zlib').gzip)
const { oneIn } = require('../shop')

class Clicks {
  #batch = []
  sent = { batches: 0, bytes: 0 }

  add (click) {
    this.#batch.push(click)
    if (this.#batch.length >= 1500) this.#send().catch(console.error)
  }

  async #send () {
    const batch = this.#batch
    this.#batch = []
    const bytes = await gzip(JSON.stringify(batch))
    this.sent.batches++
    this.sent.bytes += bytes.length
  }
}

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => k % 10 === 9 ? { path: '/clicks' } : { method: 'POST', path: `/clicks?on=button-${k % 40}&visitor=v${k}` }),
  app (app) {
    const clicks = new Clicks()
    app.get('/clicks', (req, res) => res.json(clicks.sent))
    app.post('/clicks', (req, res) => {
      clicks.add({ at: new Date(), ...req.query, headers: req.headers, seen: Array.from({ length: 12 }, (_, i) => ({ tile: i, ms: i * 31 })) })
      res.sendStatus(202)
    })
  }
}
