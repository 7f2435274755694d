'use strict'

const { oneIn } = require('../shop')
const { idempotency } = require('./lib/idempotency')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /payments', container: 'answered', file: 'lib/idempotency.js', line: 'answered.set(key, {' },
  request: oneIn(4, (k) => ({ method: 'POST', path: '/payments', headers: { 'idempotency-key': `attempt-${k}` } })),
  app (app) {
    app.post('/payments', idempotency(), takePayment)
  }
}

function takePayment (req, res) {
  const at = Date.now()
  const entries = Array.from({ length: 90 }, (_, i) => ({ account: 1000 + i, cents: (at + i * 31) % 10000, text: `entry ${at + i}` }))
  res.status(201).json({ state: 'captured', at, entries })
}
