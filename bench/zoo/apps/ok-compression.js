'use strict'

const { oneIn, TEXT } = require('../shop')

const zip = (request) => ({ ...request, headers: { ...request.headers, 'accept-encoding': 'gzip' } })
const request = oneIn(2, (k) => ({ path: `/article/${k}` }))

module.exports = {
  label: 'healthy',
  request: (n) => zip(request(n)),
  app (app) {
    app.use(require('compression')())
    app.get('/article/:id', (req, res) => res.send(`<h1>${req.params.id}</h1>${TEXT.repeat(10)}`))
  }
}
