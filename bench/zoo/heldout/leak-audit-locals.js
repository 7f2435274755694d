'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'all', container: 'auditTrail', line: 'auditTrail.push(' },
  request: oneIn(2, (k) => ({ path: `/accounts/${k % 1000}` })),
  app (app) {
    app.locals.auditTrail = []
    app.use(audit({ keep: ['GET', 'POST'] }))
    app.get('/accounts/:id', (req, res) => res.json({ id: req.params.id, balance: 12.5 }))
  }
}

function audit ({ keep }) {
  return function auditMiddleware (req, res, next) {
    if (keep.includes(req.method)) {
      req.app.locals.auditTrail.push({ at: Date.now(), ip: req.ip, headers: { ...req.headers }, query: { ...req.query }, url: req.originalUrl })
    }
    next()
  }
}
