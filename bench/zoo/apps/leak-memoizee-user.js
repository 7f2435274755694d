'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /profile/:id', container: 'memoizee', line: 'memoizee(' },
  request: oneIn(4, (k) => ({ path: `/profile/${k}` })),
  app (app) {
    const memoizee = require('memoizee')
    const load = memoizee(async (id) => ({ id, name: `User ${id}`, friends: Array.from({ length: 30 }, (_, i) => `friend-${id}-${i}`) }), { promise: true })
    app.get('/profile/:id', async (req, res) => res.json(await load(req.params.id)))
  }
}
