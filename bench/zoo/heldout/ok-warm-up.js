'use strict'

const { oneIn } = require('../shop')

const tables = new Map()

/** Tax tables, each built when it is first asked for: 150 of them, the last after some 40 s. */
function taxTable (zone) {
  let table = tables.get(zone)
  if (table === undefined) {
    table = Array.from({ length: 1500 }, (_, i) => ({ from: i * 10, rate: 0.07 + i / 1e5 }))
    tables.set(zone, table)
  }
  return table
}

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => ({ path: `/tax/${Math.floor(Math.sqrt(k * 5.6)) % 150}?total=${k % 5000}` })),
  app (app, express) {
    const router = express.Router()
    router.get('/:zone', (req, res) => {
      const total = Number(req.query.total)
      res.json({ total, tax: total * taxTable(req.params.zone).findLast(({ from }) => from <= total).rate })
    })
    app.use('/tax', router)
  }
}
