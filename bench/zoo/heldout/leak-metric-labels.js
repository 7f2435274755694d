'use strict'

const { oneIn } = require('../shop')

function Histogram (name, buckets) {
  this.name = name
  this.buckets = buckets
  this.series = {}
}

Histogram.prototype.observe = function (labels, value) {
  const key = Object.entries(labels).map(([label, text]) => `${label}="${text}"`).join(',')
  const series = this.series[key] ?? (this.series[key] = { labels, counts: this.buckets.map(() => 0), sum: 0.5 })
  series.sum += value
  this.buckets.forEach((limit, i) => { if (value <= limit) series.counts[i]++ })
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'all', container: 'series', line: 'const series = this.series[key] ??' },
  request: oneIn(2, (k) => ({ path: `/tracking/${k}`, headers: { 'user-agent': `carrier-app/${k}` } })),
  app (app) {
    const latency = new Histogram('http_request_duration_ms', [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000])
    app.use((req, res, next) => {
      const startedAt = process.hrtime.bigint()
      res.once('finish', () => {
        latency.observe({ method: req.method, path: req.path, agent: req.get('user-agent') ?? '', status: res.statusCode }, Number(process.hrtime.bigint() - startedAt) / 1e6)
      })
      next()
    })
    app.get('/tracking/:id', (req, res) => res.json({ id: req.params.id, state: 'on its way' }))
  }
}
