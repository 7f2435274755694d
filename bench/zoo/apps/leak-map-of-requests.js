'use strict'

const { oneIn } = require('../shop')

const requests = new Map()

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /items/:id', container: 'Map', line: 'requests.set(' },
  request: oneIn(4, (k) => ({ path: `/items/${k}` })),
  app (app) {
    app.get('/items/:id', (req, res) => {
      requests.set(`${req.params.id}-${Date.now()}`, req)
      res.json({ id: req.params.id, seen: requests.size })
    })
  }
}
