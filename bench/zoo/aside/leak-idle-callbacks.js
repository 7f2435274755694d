'use strict'

const { AsyncLocalStorage, AsyncResource } = require('node:async_hooks')
const { oneIn } = require('../shop')

const context = new AsyncLocalStorage()

class Shelves {
  #active = 0
  #whenIdle = []

  async pick (sku) {
    this.#active++
    await undefined
    if (sku.startsWith('digital')) return { sku, download: true }
    this.#done()
    return { sku, shelf: sku.length }
  }

  /** For what can wait until nobody picks. */
  afterwards (callback) {
    if (this.#active === 0) return callback()
    this.#whenIdle.push(AsyncResource.bind(callback))
  }

  #done () {
    if (--this.#active > 0) return
    for (const callback of this.#whenIdle.splice(0)) callback()
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /picks/:sku', container: 'whenIdle', line: 'this.#whenIdle.push(AsyncResource' },
  // Once something digital was picked, there is always somebody who picks.
  request: oneIn(4, (k) => k % 4 === 3 ? { path: `/shelves/${k % 9}` } : { method: 'POST', path: `/picks/${k % 20 === 2 ? 'digital-card' : `sku-${k}`}` }),
  app (app) {
    const shelves = new Shelves()
    const told = { count: 0 }
    app.get('/shelves/:id', (req, res) => res.json({ id: req.params.id, free: 3 }))
    app.use('/picks', (req, res, next) => {
      context.run({ user: req.get('x-user') ?? 'guest', began: new Date(), steps: Array.from({ length: 15 }, (_, i) => ({ step: i, took: i / 7 })) }, next)
    })
    app.post('/picks/:sku', async (req, res) => {
      res.status(201).json(await shelves.pick(req.params.sku))
      shelves.afterwards(() => { told.count += context.getStore().steps.length })
    })
  }
}
