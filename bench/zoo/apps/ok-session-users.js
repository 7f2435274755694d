'use strict'

const { oneIn } = require('../shop')

const USERS = 400

module.exports = {
  label: 'healthy',
  request: oneIn(2, (k) => ({ path: `/basket/${k % 50}`, headers: { cookie: `connect.sid=${cookie(k % USERS)}` } })),
  app (app) {
    const session = require('express-session')
    app.use('/basket', session({
      secret: 'zoo',
      resave: false,
      saveUninitialized: false,
      genid: (req) => `user-${/user-(\d+)/.exec(req.headers.cookie)[1]}`
    }))
    app.get('/basket/:id', (req, res) => {
      req.session.basket = [...req.session.basket ?? [], { product: req.params.id, count: 1 }].slice(-10)
      res.json(req.session.basket)
    })
  }
}

function cookie (user) {
  return encodeURIComponent(`s:${require('cookie-signature').sign(`user-${user}`, 'zoo')}`)
}
