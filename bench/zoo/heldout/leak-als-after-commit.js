'use strict'

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks')
const { oneIn } = require('../shop')

const transaction = new AsyncLocalStorage()
const afterCommit = []

function withTransaction (req, res, next) {
  const tx = { id: `tx-${req.params.id}`, statements: [], locks: Array.from({ length: 30 }, (_, row) => ({ table: 'bookings', row })) }
  transaction.run(tx, next)
}

async function book (req, res) {
  const tx = transaction.getStore()
  tx.statements.push('INSERT INTO bookings VALUES ($1)')
  await new Promise((resolve) => setImmediate(resolve))
  // The hooks run when the transaction commits, and this one is never committed.
  afterCommit.push(AsyncResource.bind(() => console.log('booked')))
  res.status(201).json({ tx: transaction.getStore().id, statements: tx.statements.length })
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /bookings/:id', container: 'afterCommit', line: 'afterCommit.push(' },
  request: oneIn(4, (k) => ({ method: 'POST', path: `/bookings/${k}` })),
  app (app) {
    app.post('/bookings/:id', withTransaction, book)
  }
}
