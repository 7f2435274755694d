'use strict'

const { oneIn } = require('../shop')

const audit = []

module.exports = {
  label: 'leak',
  channel: ['heap'],
  hard: true,
  culprit: { route: 'GET /pay/:id', container: 'Array', line: 'audit.push(' },
  // One request in twenty leaks 5 kB: 100 kB a second.
  request: oneIn(20, (k) => ({ path: `/pay/${k}` })),
  app (app) {
    app.get('/pay/:id', (req, res) => {
      audit.push({ id: req.params.id, trail: Array.from({ length: 600 }, (_, i) => i * 1.5 + audit.length) })
      res.json({ paid: true })
    })
  }
}
