'use strict'

const { performance } = require('node:perf_hooks')
const { oneIn } = require('../shop')

const totals = { count: 0, ms: 0 }

/** Measures the work by the means of the platform, which the panel in the browser's tools shows so nicely. */
async function timed (id, items, work) {
  performance.mark(`checkout ${id}`, { detail: { id, items } })
  const result = await work()
  const { duration } = performance.measure('checkout', `checkout ${id}`)
  performance.clearMeasures('checkout')
  totals.count++
  totals.ms += duration
  return result
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /checkout/:id', container: 'performance', line: 'performance.mark(`checkout ${id}`' },
  request: oneIn(4, (k) => k % 6 === 5 ? { path: '/checkout-times' } : { method: 'POST', path: `/checkout/c${k}` }),
  app (app) {
    app.get('/checkout-times', (req, res) => res.json({ ...totals, mean: totals.ms / totals.count }))
    app.post('/checkout/:id', async (req, res) => {
      const items = Array.from({ length: 5 }, (_, i) => ({ sku: `sku-${i}`, cents: 100 * i }))
      const total = await timed(req.params.id, items, async () => items.reduce((sum, { cents }) => sum + cents, 0))
      res.status(201).json({ total })
    })
  }
}
