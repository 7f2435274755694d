'use strict'

const { oneIn } = require('../shop')

const ENTRIES = 25000
const RELOAD_MS = 15000
/** So many are built at a time, for the requests to go on. */
const STEP = 2500

class Catalogue {
  version = 0
  entries = new Map()

  /** The new one is built beside the old one and takes its place when it is whole. */
  async reload () {
    const next = new Map()
    for (let from = 0; from < ENTRIES; from += STEP) {
      for (let id = from; id < from + STEP; id++) {
        next.set(`sku-${id}`, { id, version: this.version + 1, price: 100 + (id * 31 + this.version) % 900, tags: [`t${id % 7}`, `u${id % 11}`], stock: { north: id % 5, south: id % 9 } })
      }
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    this.entries = next
    this.version++
  }
}

module.exports = {
  label: 'healthy',
  request: oneIn(3, (k) => ({ path: k % 9 === 8 ? '/catalogue' : `/catalogue/sku-${k * 7 % ENTRIES}` })),
  app (app) {
    const catalogue = new Catalogue()
    catalogue.reload().catch(console.error)
    setInterval(() => catalogue.reload().catch(console.error), RELOAD_MS).unref()
    app.get('/catalogue', (req, res) => res.json({ version: catalogue.version, entries: catalogue.entries.size }))
    app.get('/catalogue/:sku', (req, res) => res.json(catalogue.entries.get(req.params.sku) ?? { soon: true }))
  }
}
