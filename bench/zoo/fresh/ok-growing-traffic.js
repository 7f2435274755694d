'use strict'

const { oneIn } = require('../shop')

const WINDOW_MS = 10000

/** All requests of the last seconds, for the graph of the operators: the more traffic, the more of them. */
class LastRequests {
  #requests = []
  #from = 0

  add (request) {
    this.#requests.push(request)
    const limit = Date.now() - WINDOW_MS
    while (this.#requests[this.#from].at < limit) this.#from++
    if (this.#from < 500) return
    this.#requests.splice(0, this.#from)
    this.#from = 0
  }

  perSecond () {
    return Math.round((this.#requests.length - this.#from) * 1000 / WINDOW_MS)
  }
}

module.exports = {
  label: 'healthy',
  // The shop opens, and in three steps the traffic is four times that of the night.
  load: [{ rate: 120, connections: 10 }, { rate: 120, from: 0.1 }, { rate: 120, from: 0.18 }, { rate: 120, from: 0.26 }],
  request: oneIn(3, (k) => k % 12 === 11 ? { path: '/traffic' } : { path: `/offers/${k % 80}?seen=${k}` }),
  app (app) {
    const last = new LastRequests()
    app.use((req, res, next) => {
      const at = Date.now()
      const { originalUrl: path, headers } = req
      const phases = ['accepted', 'routed', 'answered'].map((name, i) => ({ name, at: at + i, path, tags: [name, i, req.method] }))
      res.on('finish', () => last.add({ at, path, headers, phases, status: res.statusCode, took: Date.now() - at }))
      next()
    })
    app.get('/traffic', (req, res) => res.json({ perSecond: last.perSecond() }))
    app.get('/offers/:id', (req, res) => res.json({ id: req.params.id, offers: [{ price: 5 }, { price: 7 }] }))
  }
}
