'use strict'

const { createHistogram } = require('node:perf_hooks')
const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['native', 'heap', 'external'],
  culprit: { route: 'GET /tiles/:z/:x/:y', container: 'latencies', line: 'latencies[req.url] ??=' },
  request: oneIn(4, (k) => ({ path: `/tiles/12/${k % 1000}/${Math.floor(k / 1000)}` })),
  app (app) {
    app.get('/tiles/:z/:x/:y', measure(), (req, res) => {
      const { z, x, y } = req.params
      res.json({ tile: `${z}/${x}/${y}`, lines: 12 })
    })
  }
}

function measure () {
  const latencies = {}
  return (req, res, next) => {
    const begin = performance.now()
    res.on('finish', () => {
      latencies[req.url] ??= createHistogram({ lowest: 1, highest: 60_000, figures: 2 }) // by URL where by route was meant
      latencies[req.url].record(Math.max(1, Math.round(performance.now() - begin)))
    })
    next()
  }
}
