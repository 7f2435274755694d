'use strict'

const { oneIn } = require('../shop')

/** Is given one event after the other, and says of each whether it came before. */
function * duplicates () {
  const seen = new Map()
  let event = yield
  for (;;) {
    const known = seen.get(event.id)
    seen.set(event.id, known ?? event)
    event = yield known !== undefined
  }
}

const hook = (k) => JSON.stringify({
  id: `evt_${k}`,
  type: 'invoice.paid',
  data: { invoice: `in_${k}`, lines: Array.from({ length: 8 }, (_, i) => ({ id: `li_${k}_${i}`, cents: 100 * i, period: { from: k, to: k + 30 } })) }
})

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /webhooks/billing', container: 'seen', line: 'seen.set(event.id' },
  // The sender repeats every fifth event.
  request: oneIn(5, (k) => ({
    method: 'POST',
    path: '/webhooks/billing',
    headers: { 'content-type': 'application/json' },
    body: hook(k % 5 === 4 ? k - 4 : k)
  })),
  app (app, express) {
    const counts = { fresh: 0, repeated: 0 }
    const billing = duplicates()
    billing.next()
    app.get('/webhooks', (req, res) => res.json(counts))
    app.post('/webhooks/billing', express.json(), (req, res) => {
      counts[billing.next(req.body).value ? 'repeated' : 'fresh']++
      res.sendStatus(204)
    })
  }
}
