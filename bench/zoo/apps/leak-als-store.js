'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')
const { randomUUID } = require('node:crypto')
const { oneIn } = require('../shop')

const context = new AsyncLocalStorage()
const live = new Set()

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'all', container: 'Set', line: 'live.add(' },
  request: oneIn(4, (k) => ({ path: `/me/${k}` })),
  app (app) {
    app.use((req, res, next) => {
      const store = { id: randomUUID(), startedAt: new Date(), log: [] }
      live.add(store)
      context.run(store, next)
    })
    app.get('/me/:id', async (req, res) => {
      await new Promise((resolve) => setImmediate(resolve))
      context.getStore().log.push(`user ${req.params.id} asked`)
      res.json({ request: context.getStore().id })
    })
  }
}
