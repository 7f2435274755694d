'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => ({ path: `/basket/${k % 50}` })),
  app (app) {
    const session = require('express-session')
    const MemoryStore = require('memorystore')(session)
    app.use(session({
      secret: 'zoo',
      resave: false,
      saveUninitialized: true,
      cookie: { maxAge: 8000 },
      store: new MemoryStore({ checkPeriod: 3000 })
    }))
    app.get('/basket/:id', (req, res) => {
      req.session.basket = [{ product: req.params.id, count: 1 }]
      res.json(req.session.basket)
    })
  }
}
