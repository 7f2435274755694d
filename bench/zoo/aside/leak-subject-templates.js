'use strict'

const _ = require('lodash')
const { oneIn } = require('../shop')

function createMailer () {
  const compiled = {}
  const outbox = []

  return {
    /** Each template is compiled once only. */
    send (to, template, values) {
      const render = compiled[template] ??= _.template(template)
      outbox.push({ to, subject: render(values) })
      if (outbox.length > 50) outbox.shift()
      return outbox.at(-1)
    },
    preview: (n) => outbox.slice(-n)
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /orders/:id/confirmation', container: 'compiled', line: 'compiled[template] ??=' },
  request: oneIn(8, (k) => k % 6 === 5
    ? { path: '/mails' }
    : { method: 'POST', path: `/orders/${k}/confirmation?name=Customer+${k}` }),
  app (app) {
    const mailer = createMailer()
    app.get('/mails', (req, res) => res.json(mailer.preview(10)))
    app.post('/orders/:id/confirmation', (req, res) => {
      const { name } = req.query
      const mail = mailer.send(`${req.params.id}@shop.example`, `Thank you, ${name}: your order <%= order %> is on its way`, { order: req.params.id })
      res.status(202).json(mail)
    })
  }
}
