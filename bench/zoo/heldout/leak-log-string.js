'use strict'

const { oneIn } = require('../shop')

const EVENT = JSON.stringify({ type: 'invoice.paid', lines: Array.from({ length: 60 }, (_, i) => ({ id: `il_${i}`, amount: i * 100, currency: 'eur' })) })

class WebhookJournal {
  text = ''

  note (provider, body) {
    this.text += `${new Date().toISOString()} ${provider} ${JSON.stringify(body)}\n`
  }
}

const journal = new WebhookJournal()

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /webhooks/:provider', container: 'WebhookJournal', line: 'text += ' },
  request: oneIn(4, (k) => ({ method: 'POST', path: `/webhooks/${['stripe', 'adyen', 'paypal'][k % 3]}`, headers: { 'content-type': 'application/json' }, body: EVENT })),
  app (app, express) {
    app.post('/webhooks/:provider', express.json(), (req, res) => {
      journal.note(req.params.provider, req.body)
      res.sendStatus(204)
    })
  }
}
