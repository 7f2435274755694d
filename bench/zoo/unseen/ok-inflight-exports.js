'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { oneIn } = require('../shop')

class ExportController {
  constructor () {
    this.inFlight = new Set()
    this.download = this.download.bind(this)
    this.list = this.list.bind(this)
  }

  async download (req, res) {
    const job = { id: req.params.id, rows: [], startedAt: new Date() }
    this.inFlight.add(job)
    try {
      for (let page = 0; page < 3; page++) {
        job.rows.push(...Array.from({ length: 60 }, (_, i) => ({ page, i, text: `${job.id}/${page}/${i}` })))
        await sleep(Number(job.id) % 13)
      }
      if (Number(job.id) % 5 === 0) throw new Error('Too many rows')
      res.json(job.rows)
    } finally {
      this.inFlight.delete(job)
    }
  }

  list (req, res) {
    res.json(Array.from(this.inFlight, ({ id, rows }) => ({ id, rows: rows.length })))
  }
}

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => ({ path: k % 10 === 0 ? '/exports' : `/exports/${k}` })),
  app (app) {
    const controller = new ExportController()
    app.get('/exports', controller.list)
    app.get('/exports/:id', controller.download)
    app.use('/exports', (error, req, res, next) => res.status(413).json({ error: error.message }))
  }
}
