'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'all', container: 'MemoryStore', line: 'session({' },
  // No cookie comes back, as with health checks and robots: every request is a new session.
  request: oneIn(4, (k) => ({ path: `/basket/${k % 50}` })),
  app (app) {
    const session = require('express-session')
    app.use(session({ secret: 'zoo', resave: false, saveUninitialized: true }))
    app.get('/basket/:id', (req, res) => {
      req.session.basket = [{ product: req.params.id, count: 1 }]
      res.json(req.session.basket)
    })
  }
}
