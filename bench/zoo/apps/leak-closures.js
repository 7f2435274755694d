'use strict'

const { oneIn } = require('../shop')

const afterwards = []

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /jobs', container: 'Array', line: 'afterwards.push(' },
  request: oneIn(4, (k) => ({ method: 'POST', path: '/jobs', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ job: k }) })),
  app (app, express) {
    app.post('/jobs', express.json(), (req, res) => {
      afterwards.push(() => `${req.method} ${req.url} ${req.body.job}`)
      res.status(202).json({ accepted: true })
    })
  }
}
