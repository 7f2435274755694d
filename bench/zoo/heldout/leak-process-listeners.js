'use strict'

const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /exports/:id', container: 'process', line: "process.on('SIGUSR2'" },
  request: oneIn(5, (k) => ({ method: 'POST', path: `/exports/${k}` })),
  app (app) {
    process.setMaxListeners(0)
    app.post('/exports/:id', startExport)
  }
}

function startExport (req, res) {
  const job = { id: req.params.id, rows: Array.from({ length: 40 }, (_, i) => [i, i * 2, `row ${i}`]), done: false }
  process.on('SIGUSR2', () => {
    if (!job.done) console.log(`export ${job.id} still has ${job.rows.length} rows to go`)
  })
  setImmediate(() => {
    job.done = true
    res.json({ id: job.id, done: true })
  })
}
