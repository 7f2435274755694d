'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { oneIn } = require('../shop')

/** Stands for the payment provider. With its second version it writes in small letters. */
const provider = {
  status: async (id) => ({ id, status: 'settled' })
}

async function follow (payment, ledger) {
  for (;;) {
    const { status } = await provider.status(payment.id)
    if (status === 'SETTLED') return ledger.set(payment.account, payment.lines.length)
    await sleep(4000)
  }
}

const BODY = JSON.stringify({ lines: Array.from({ length: 10 }, (_, i) => ({ sku: `sku-${i}`, cents: 995 + i })) })

module.exports = {
  label: 'leak',
  channel: ['heap', 'resources'],
  culprit: { route: 'POST /accounts/:id/payments', container: 'follow', line: 'await sleep(4000' },
  request: oneIn(6, (k) => k % 4 === 3 ? { path: `/accounts/a${k % 50}` } : {
    method: 'POST',
    path: `/accounts/a${k % 50}/payments`,
    headers: { 'content-type': 'application/json' },
    body: BODY
  }),
  app (app, express) {
    const ledger = new Map()
    let lastId = 0
    app.get('/accounts/:id', (req, res) => res.json({ lines: ledger.get(req.params.id) ?? 0 }))
    app.post('/accounts/:id/payments', express.json(), (req, res) => {
      const payment = { id: ++lastId, account: req.params.id, lines: req.body.lines }
      follow(payment, ledger).catch(console.error)
      res.status(202).json({ id: payment.id })
    })
  }
}
