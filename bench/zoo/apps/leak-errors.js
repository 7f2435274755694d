'use strict'

const { oneIn } = require('../shop')

const failures = []

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /flaky/:id', container: 'Array', line: 'failures.push(' },
  request: oneIn(4, (k) => ({ path: `/flaky/${k}` })),
  app (app) {
    app.get('/flaky/:id', (req, res, next) => next(new Error(`Upstream failed for ${req.params.id}`)))
  },
  after (app) {
    app.use((error, req, res, next) => {
      failures.push(error)
      // Reading it builds the string, as every logger does.
      res.status(502).json({ error: error.message, at: error.stack.split('\n')[1] })
    })
  }
}
