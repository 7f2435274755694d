'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /page/:id', container: 'ejs.cache', line: 'ejs.render(' },
  request: oneIn(10, (k) => ({ path: `/page/${k}` })),
  app (app) {
    const ejs = require('ejs')
    app.get('/page/:id', (req, res) => {
      res.send(ejs.render('<h1><%= title %></h1><% for (const i of [1, 2, 3]) { %><p><%= i %></p><% } %>', { title: req.params.id }, {
        cache: true,
        filename: `page-${req.params.id}`
      }))
    })
  }
}
