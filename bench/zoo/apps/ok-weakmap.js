'use strict'

const { oneIn } = require('../shop')

const parsed = new WeakMap()

module.exports = {
  label: 'healthy',
  request: oneIn(2, (k) => ({ path: `/view/${k}` })),
  app (app) {
    app.use((req, res, next) => {
      parsed.set(req, { startedAt: new Date(), parts: Array.from({ length: 100 }, (_, i) => ({ i })) })
      next()
    })
    app.get('/view/:id', (req, res) => res.json({ parts: parsed.get(req).parts.length }))
  }
}
