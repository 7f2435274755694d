'use strict'

const { oneIn } = require('../shop')

const formatters = Object.create(null)

function formatterFor (user) {
  // By user, where by locale and currency was meant.
  if (!(user.id in formatters)) {
    formatters[user.id] = {
      money: new Intl.NumberFormat(user.locale, { style: 'currency', currency: user.currency }),
      date: new Intl.DateTimeFormat(user.locale, { dateStyle: 'full' })
    }
  }
  return formatters[user.id]
}

module.exports = {
  label: 'leak',
  channel: ['native', 'heap', 'external'],
  culprit: { route: 'GET /invoices/:user', container: 'formatters', line: 'formatters[user.id] = {' },
  request: oneIn(10, (k) => ({ path: `/invoices/user-${k}` })),
  app (app) {
    app.get('/invoices/:user', (req, res) => {
      const { money, date } = formatterFor({ id: req.params.user, locale: 'de-DE', currency: 'EUR' })
      res.send(`<p>${date.format(Date.now())}: ${money.format(1234.5)}</p>`)
    })
  }
}
