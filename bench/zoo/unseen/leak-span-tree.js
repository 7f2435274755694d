'use strict'

const { oneIn } = require('../shop')
const tracer = require('./lib/tracer')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'all', container: 'spans', file: 'lib/tracer.js', line: 'parent?.spans.push(this)' },
  request: oneIn(8, (k) => ({ path: `/stores/${k % 60}` })),
  app (app) {
    app.use(traced)
    app.get('/stores/:id', (req, res) => {
      const query = req.span.start('db.query', { statement: `SELECT * FROM stores WHERE id = ${req.params.id}` })
      const store = { id: req.params.id, open: true }
      query.end()
      res.json(store)
    })
  }
}

function traced (req, res, next) {
  // The span of the worker, which never ends, where there should be no parent.
  const span = tracer.worker.start(`${req.method} ${req.path}`, { ...req.headers, peer: req.socket.remotePort })
  for (const step of ['cors', 'auth', 'quota', 'locale']) span.start(step, { step, path: req.originalUrl, at: Date.now() }).end()
  req.span = span
  res.once('close', () => {
    span.attributes.status = res.statusCode
    span.end()
  })
  next()
}
