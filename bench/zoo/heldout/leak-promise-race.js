'use strict'

const { oneIn } = require('../shop')

let stop
const shutdown = new Promise((resolve) => { stop = resolve })

/** Every race leaves its reactions, and with them what it resolved to, on the promise that goes on waiting. */
async function orShutdown (work) {
  return Promise.race([work, shutdown.then(() => { throw new Error('shutting down') })])
}

async function loadStock (id) {
  await new Promise((resolve) => setImmediate(resolve))
  return { id, shelves: Array.from({ length: 50 }, (_, shelf) => ({ shelf, pieces: shelf * 3, at: `aisle ${shelf % 7}` })) }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /stock/:sku', container: 'shutdown', line: 'return Promise.race(' },
  request: oneIn(4, (k) => ({ path: `/stock/sku-${k}` })),
  app (app) {
    process.once('SIGUSR2', stop)
    app.get('/stock/:sku', async (req, res) => {
      const stock = await orShutdown(loadStock(req.params.sku))
      res.json({ sku: stock.id, pieces: stock.shelves.length })
    })
  }
}
