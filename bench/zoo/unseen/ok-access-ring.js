'use strict'

const { oneIn } = require('../shop')

function accessLog (size) {
  const ring = new Array(size)
  let at = 0
  return {
    add (entry) {
      ring[at] = entry
      at = (at + 1) % size
    },
    last: (count) => Array.from({ length: count }, (_, i) => ring[(at - 1 - i + size) % size]).filter(Boolean)
  }
}

module.exports = {
  label: 'healthy',
  request: oneIn(8, (k) => ({ path: `/status?since=${k}` })),
  app (app) {
    const log = accessLog(6000) // full after some 15 s
    app.use((req, res, next) => {
      res.on('finish', () => log.add({ url: req.originalUrl, headers: req.headers, status: res.statusCode, at: new Date() }))
      next()
    })
    app.get('/status', (req, res) => res.json(log.last(20).map(({ url, status }) => `${status} ${url}`)))
  }
}
