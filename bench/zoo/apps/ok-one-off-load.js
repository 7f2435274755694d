'use strict'

const { oneIn } = require('../shop')

let table = []

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => ({ path: `/lookup/${k}` })),
  app (app, express, { seconds }) {
    // 30 MB of reference data, once, in the middle of the run; it means to stay.
    setTimeout(() => {
      table = Array.from({ length: 130000 }, (_, i) => ({ id: i, name: `Row ${i}`, size: [i, i + 1, i + 2], meta: { stock: i % 7 } }))
    }, seconds * 500).unref()
    app.get('/lookup/:id', (req, res) => res.json(table[Number(req.params.id) % (table.length || 1)] ?? null))
  }
}
