'use strict'

const { oneIn } = require('../shop')

/** Keeps what somebody else keeps anyway, or what nobody has collected yet. */
class WeakCache {
  #refs = new Map()
  #gone = new FinalizationRegistry((key) => {
    if (this.#refs.get(key)?.deref() === undefined) this.#refs.delete(key)
  })

  get (key, make) {
    const known = this.#refs.get(key)?.deref()
    if (known) return known
    const made = make(key)
    this.#refs.set(key, new WeakRef(made))
    this.#gone.register(made, key)
    return made
  }

  get size () { return this.#refs.size }
}

const profile = (id) => ({ id, since: new Date(), visits: Array.from({ length: 40 }, (_, i) => ({ page: `/p/${id}/${i}`, ms: i * 13 })) })

module.exports = {
  label: 'healthy',
  request: oneIn(3, (k) => ({ path: `/profiles/${k % 3 === 0 ? `regular-${k % 50}` : `passer-by-${k}`}` })),
  app (app) {
    const profiles = new WeakCache()
    app.get('/profiles', (req, res) => res.json({ known: profiles.size }))
    app.get('/profiles/:id', (req, res) => res.json(profiles.get(req.params.id, profile)))
  }
}
