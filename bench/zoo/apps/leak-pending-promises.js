'use strict'

const { oneIn } = require('../shop')

const waiting = []

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /reservations/:id', container: 'Array', line: 'waiting.push(' },
  request: oneIn(4, (k) => ({ path: `/reservations/${k}` })),
  app (app) {
    app.get('/reservations/:id', (req, res) => {
      const paid = new Promise(() => {}) // the webhook that would settle it never comes
      waiting.push(paid)
      reserve(req, paid)
      res.json({ waiting: waiting.length })
    })
  }
}

async function reserve (req, paid) {
  const seats = Array.from({ length: 20 }, (_, seat) => ({ seat, by: req.params.id }))
  await paid
  seats.length = 0
}
