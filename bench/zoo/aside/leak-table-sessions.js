'use strict'

const session = require('express-session')
const { oneIn } = require('../shop')

/** Sessions as rows, as they would be in the table of a database. */
class TableStore extends session.Store {
  #rows = new Map()

  constructor () {
    super()
    setInterval(() => this.sweep(), 5000).unref()
  }

  get (sid, callback) {
    const row = this.#rows.get(sid)
    callback(null, row && JSON.parse(row))
  }

  set (sid, data, callback) {
    this.#rows.set(sid, JSON.stringify(data))
    callback?.(null)
  }

  destroy (sid, callback) {
    this.#rows.delete(sid)
    callback?.(null)
  }

  sweep () {
    for (const [sid, row] of this.#rows) {
      if (JSON.parse(row).cookie.expires < Date.now()) this.#rows.delete(sid)
    }
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /account/suggestions', container: 'rows', line: 'this.#rows.set(sid, JSON' },
  // The apps on the phones do not send cookies.
  request: oneIn(4, (k) => k % 3 === 2 ? { path: '/account-types' } : { path: `/account/suggestions?seen=${k}` }),
  app (app) {
    app.get('/account-types', (req, res) => res.json(['private', 'business']))
    app.use('/account', session({ secret: 'zoo', store: new TableStore(), resave: false, saveUninitialized: false, cookie: { maxAge: 10000 } }))
    app.get('/account/suggestions', (req, res) => {
      req.session.suggestions = Array.from({ length: 30 }, (_, i) => ({ id: Number(req.query.seen) + i, why: 'bought together' }))
      res.json(req.session.suggestions)
    })
  }
}
