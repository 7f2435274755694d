'use strict'

const zlib = require('node:zlib')
const { oneIn, TEXT } = require('../shop')

const streams = new Map()

module.exports = {
  label: 'leak',
  channel: ['external', 'native'],
  culprit: { route: 'GET /feed/:id', container: 'Map', line: 'streams.set(' },
  request: oneIn(40, (k) => ({ path: `/feed/${k}` })),
  app (app) {
    app.get('/feed/:id', (req, res) => {
      const gzip = zlib.createGzip({ level: 1 })
      streams.set(req.params.id, gzip) // never ended, never closed
      gzip.on('data', () => {})
      gzip.write(TEXT)
      res.json({ feeds: streams.size })
    })
  }
}
