'use strict'

const { setMaxListeners } = require('node:events')
const { oneIn } = require('../shop')

const lifetime = new AbortController()
setMaxListeners(0, lifetime.signal)

class ReportQuery {
  constructor (params, signal) {
    this.params = params
    this.pages = []
    signal.addEventListener('abort', () => this.cancel(), { once: true })
  }

  cancel () {
    this.pages = []
  }

  async rows () {
    for (let page = 0; page < 4; page++) {
      await Promise.resolve()
      this.pages.push(Array.from({ length: 25 }, (_, i) => ({ page, i, region: this.params.region })))
    }
    return this.pages.flat()
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /reports/:region', container: 'AbortSignal', line: "signal.addEventListener('abort'" },
  request: oneIn(4, (k) => ({ path: `/reports/r${k % 300}` })),
  app (app) {
    app.get('/reports/:region', async (req, res) => {
      const rows = await new ReportQuery(req.params, lifetime.signal).rows()
      res.json({ rows: rows.length })
    })
  }
}
