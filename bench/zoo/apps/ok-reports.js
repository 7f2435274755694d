'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => ({ path: `/sales/${k}` })),
  app (app) {
    let report = null
    app.get('/sales/:id', (req, res) => res.json({ id: req.params.id, rows: report?.length ?? 0 }))
    // 30 MB every 15 s, of which nothing is left 3 s later.
    setInterval(() => {
      report = Array.from({ length: 130000 }, (_, i) => ({ id: i, name: `Row ${i}`, size: [i, i + 1, i + 2], meta: { stock: i % 7 } }))
      setTimeout(() => { report = null }, 3000).unref()
    }, 15000).unref()
  }
}
