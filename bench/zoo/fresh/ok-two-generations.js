'use strict'

const { oneIn } = require('../shop')

const HALF_LIFE_MS = 10000

/** Sessions live 10 s at least and 20 s at most unless they are used: each half life the old generation is dropped whole. */
class Sessions {
  #young = new Map()
  #old = new Map()

  constructor () {
    setInterval(() => {
      this.#old = this.#young
      this.#young = new Map()
    }, HALF_LIFE_MS).unref()
  }

  of (visitor) {
    const session = this.#young.get(visitor) ?? this.#old.get(visitor) ?? { visitor, since: new Date(), seen: [] }
    this.#young.set(visitor, session)
    return session
  }

  get size () { return this.#young.size + this.#old.size }
}

module.exports = {
  label: 'healthy',
  // Six pages for each visitor, and some who stay for good.
  request: oneIn(3, (k) => k % 20 === 19
    ? { path: '/sessions' }
    : { path: `/walk/${k % 90}`, headers: { 'x-visitor': k % 10 === 0 ? `resident-${k % 70}` : `visitor-${Math.floor(k / 6)}` } }),
  app (app) {
    const sessions = new Sessions()
    app.get('/sessions', (req, res) => res.json({ sessions: sessions.size }))
    app.get('/walk/:page', (req, res) => {
      const { seen } = sessions.of(req.get('x-visitor'))
      seen.push({ page: req.params.page, at: new Date(), offers: Array.from({ length: 50 }, (_, i) => ({ sku: i, why: `like ${req.params.page}` })) })
      if (seen.length > 12) seen.shift()
      res.json({ seen: seen.length })
    })
  }
}
