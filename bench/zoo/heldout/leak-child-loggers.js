'use strict'

const { randomUUID } = require('node:crypto')
const { oneIn } = require('../shop')
const { rootLogger } = require('./lib/logger')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'all', container: 'children', file: 'lib/logger.js', line: 'children.add(' },
  request: oneIn(4, (k) => ({ path: `/tickets/${k % 2000}` })),
  app (app) {
    app.use(function requestLogger (req, res, next) {
      req.log = rootLogger.child({ requestId: randomUUID(), method: req.method, url: req.url, agent: req.get('user-agent') })
      req.log.info('started')
      res.on('finish', () => req.log.info('finished'))
      next()
    })
    app.get('/tickets/:id', (req, res) => {
      req.log.info(`ticket ${req.params.id}`)
      res.json({ id: req.params.id, open: true })
    })
  }
}
