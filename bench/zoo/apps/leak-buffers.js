'use strict'

const { oneIn } = require('../shop')

const uploads = []
const BODY = 'x'.repeat(8192)

module.exports = {
  label: 'leak',
  channel: ['external'],
  culprit: { route: 'POST /uploads', container: 'Array', line: 'uploads.push(' },
  request: oneIn(4, () => ({ method: 'POST', path: '/uploads', headers: { 'content-type': 'application/octet-stream' }, body: BODY })),
  app (app, express) {
    app.post('/uploads', express.raw({ limit: '1mb' }), (req, res) => {
      uploads.push(req.body)
      res.status(201).json({ bytes: req.body.length })
    })
  }
}
