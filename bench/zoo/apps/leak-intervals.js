'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['resources', 'heap'],
  culprit: { route: 'GET /watch/:id', container: 'Timeout', line: 'setInterval(' },
  request: oneIn(8, (k) => ({ path: `/watch/${k}` })),
  app (app) {
    app.get('/watch/:id', (req, res) => {
      const state = { id: req.params.id, polls: 0, last: null }
      setInterval(() => {
        state.polls++
        state.last = req.headers['user-agent']
      }, 5000)
      res.json({ watching: state.id })
    })
  }
}
