'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /devices/:id', container: 'hashMap of the Histogram', line: 'labels(' },
  request: oneIn(4, (k) => k % 200 === 199 ? { path: '/metrics' } : { path: `/devices/${k}` }),
  app (app) {
    const client = require('prom-client')
    const seconds = new client.Histogram({ name: 'http_seconds', help: 'of a request', labelNames: ['method', 'path', 'status'] })
    app.use((req, res, next) => {
      const startedAt = performance.now()
      // The path with its id, where the route's template belongs.
      res.on('finish', () => seconds.labels(req.method, req.path, res.statusCode).observe((performance.now() - startedAt) / 1000))
      next()
    })
    app.get('/devices/:id', (req, res) => res.json({ id: req.params.id, on: true }))
    app.get('/metrics', (req, res) => res.send('too many to print'))
  }
}
