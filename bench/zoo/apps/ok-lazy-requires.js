'use strict'

const { oneIn } = require('../shop')

const MODULES = ['lodash', 'handlebars', 'joi', 'luxon', 'pug', 'ejs', 'prom-client', 'marked', 'helmet', 'memoizee']
const uses = new Map()

module.exports = {
  label: 'healthy',
  // A new module every 4 s: the last comes after 40 s.
  request: oneIn(4, (k) => ({ path: `/use/${MODULES[Math.min(Math.floor(k / 400), MODULES.length - 1)]}` })),
  app (app) {
    app.get('/use/:name', (req, res) => {
      const module = require(req.params.name)
      const known = uses.get(req.params.name) ?? 0
      uses.set(req.params.name, known + 1)
      res.json({ exports: Object.keys(module).length, known })
    })
  }
}
