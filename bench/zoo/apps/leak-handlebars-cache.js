'use strict'

const { oneIn } = require('../shop')

const compiled = {}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /mail/:user', container: 'Object', line: 'compiled[source]' },
  request: oneIn(10, (k) => ({ path: `/mail/${k}` })),
  app (app) {
    const handlebars = require('handlebars')
    app.get('/mail/:user', (req, res) => {
      // The name is in the template instead of its data: every user compiles a new one.
      const source = `<p>Dear user ${req.params.user},</p>{{#each items}}<li>{{name}}: {{price}}</li>{{/each}}`
      compiled[source] ??= handlebars.compile(source)
      res.send(compiled[source]({ items: [{ name: 'Pen', price: 2 }, { name: 'Ink', price: 5 }] }))
    })
  }
}
