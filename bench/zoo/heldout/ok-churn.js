'use strict'

const { Transform } = require('node:stream')
const { oneIn, TEXT } = require('../shop')

/** A lot of garbage for each request, some of it living for a second. */
module.exports = {
  label: 'healthy',
  request: oneIn(3, (k) => ({ path: `/report.csv?rows=${50 + k % 200}` })),
  app (app) {
    app.use((req, res, next) => {
      req.trace = { spans: Array.from({ length: 30 }, (_, i) => ({ i, name: `span-${i}`, at: performance.now() })) }
      const timer = setTimeout(() => { req.trace.spans.length = 0 }, 1000)
      timer.unref()
      next()
    })
    app.get('/report.csv', (req, res) => {
      const lines = new Transform({
        transform (chunk, encoding, done) { done(null, chunk.toString().toUpperCase()) }
      })
      lines.pipe(res)
      for (let i = 0; i < Number(req.query.rows); i++) lines.write(`${i};${TEXT.slice(i, i + 40)}\n`)
      lines.end()
    })
  }
}
