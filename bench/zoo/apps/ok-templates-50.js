'use strict'

const { oneIn } = require('../shop')

const compiled = {}

module.exports = {
  label: 'healthy',
  request: oneIn(3, (k) => ({ path: `/mail/${k * 7 % 50}` })),
  app (app) {
    const handlebars = require('handlebars')
    app.get('/mail/:kind', (req, res) => {
      const source = `<p>Dear {{user}}, about ${req.params.kind}:</p>{{#each items}}<li>{{name}}: {{price}}</li>{{/each}}`
      compiled[source] ??= handlebars.compile(source)
      res.send(compiled[source]({ user: Date.now(), items: [{ name: 'Pen', price: 2 }, { name: 'Ink', price: 5 }] }))
    })
  }
}
