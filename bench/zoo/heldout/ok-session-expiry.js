'use strict'

const { randomUUID } = require('node:crypto')
const { oneIn } = require('../shop')

class SessionStore {
  static #MAX_AGE_MS = 12000
  #sessions = new Map()

  create (data) {
    const id = randomUUID()
    const timer = setTimeout(() => this.#sessions.delete(id), SessionStore.#MAX_AGE_MS)
    timer.unref()
    this.#sessions.set(id, { ...data, timer })
    return id
  }
}

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => ({ method: 'POST', path: `/signin?user=u${k % 5000}` })),
  app (app) {
    const store = new SessionStore()
    app.post('/signin', (req, res) => {
      const basket = Array.from({ length: 20 }, (_, i) => ({ sku: `sku-${i}`, count: 0 }))
      res.cookie('sid', store.create({ user: req.query.user, basket, since: new Date() })).sendStatus(204)
    })
  }
}
