'use strict'

const { oneIn } = require('../shop')

const IDLE_MS = 8000

class Sessions {
  constructor () {
    this.byId = Object.create(null)
    setInterval(() => this.prune(), 2000).unref()
  }

  touch (id) {
    const session = this.byId[id] ??= { id, visits: 0, seen: Array.from({ length: 40 }, (_, i) => ({ product: i, at: Date.now() + i * 0.5 })) }
    session.visits++
    session.touchedAt = Date.now()
    return session
  }

  prune () {
    const limit = Date.now() - IDLE_MS
    for (const id in this.byId) {
      if (this.byId[id].touchedAt < limit) delete this.byId[id]
    }
  }
}

module.exports = {
  label: 'healthy',
  // A visitor comes five times in a row, and a tenth of them stay for good.
  request: oneIn(4, (k) => ({ path: '/me', headers: { 'x-session': k % 10 === 0 ? `regular-${k % 300}` : `visitor-${Math.floor(k / 5)}` } })),
  app (app) {
    const sessions = new Sessions()
    app.use('/me', (req, res, next) => {
      req.session = sessions.touch(req.get('x-session'))
      next()
    })
    app.get('/me', (req, res) => res.json({ visits: req.session.visits }))
  }
}
