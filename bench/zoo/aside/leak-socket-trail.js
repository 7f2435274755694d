'use strict'

const { oneIn } = require('../shop')

const kTrail = Symbol('kTrail')

/** What this client did before, for the log of those whom we refuse. Browsers close their connections soon enough; the gateway does not. */
function trail (req, res, next) {
  const hops = req.socket[kTrail] ??= []
  hops.push({ at: new Date(), method: req.method, path: req.originalUrl, query: req.query, headers: req.headers })
  if (hops.length > 1 && req.query.max < 0) console.warn('refused', hops)
  next()
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /offers', container: 'kTrail', line: 'hops.push({ at: new Date()' },
  request: oneIn(3, (k) => k % 4 === 3
    ? { path: `/offers/${k % 60}` }
    : { path: `/offers?max=${k % 90}&sort=price&seen=${k}`, headers: { 'x-request-id': `gw-${k}`, 'x-forwarded-for': `10.0.${k % 256}.${(k >> 8) % 256}` } }),
  app (app) {
    app.get('/offers', trail, (req, res) => res.json({ max: Number(req.query.max), offers: [{ id: 1, price: 5 }] }))
    app.get('/offers/:id', (req, res) => res.json({ id: req.params.id, price: 5 }))
  }
}
