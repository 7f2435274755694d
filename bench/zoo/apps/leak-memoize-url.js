'use strict'

const { oneIn, TEXT } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /search', container: 'MapCache', line: 'memoize(' },
  request: oneIn(4, (k) => ({ path: `/search?q=word${k % 100}&t=${k}` })),
  app (app) {
    const { memoize } = require('lodash')
    const search = memoize((url) => ({ url, hits: TEXT.split(' ').map((word, rank) => ({ word, rank })) }))
    app.get('/search', (req, res) => res.json(search(req.originalUrl).hits.slice(0, 10)))
  }
}
