'use strict'

const { oneIn } = require('../shop')

const catalogue = []
const viewed = new Map()

module.exports = {
  label: 'leak',
  channel: ['heap'],
  hard: true,
  culprit: { route: 'GET /view/:id', container: 'Map', line: 'viewed.set(' },
  request: oneIn(4, (k) => ({ path: `/view/${k}` })),
  app (app) {
    // 150 MB that mean to stay, then about 300 kB a second that do not.
    for (let i = 0; i < 620000; i++) catalogue.push({ id: i, name: `Item ${i}`, size: [i, i + 1, i + 2], meta: { stock: i % 7, at: i * 1.5 } })
    app.get('/view/:id', (req, res) => {
      viewed.set(req.params.id, { item: catalogue[Number(req.params.id) % catalogue.length], path: Array.from({ length: 120 }, (_, i) => ({ i })) })
      res.json({ viewed: viewed.size })
    })
  }
}
