'use strict'

const { oneIn, TEXT } = require('../shop')

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => ({ path: `/enqueue/${k}` })),
  app (app) {
    const queue = []
    app.get('/enqueue/:id', (req, res) => {
      for (let i = 0; i < 5; i++) queue.push({ id: req.params.id, part: i, words: TEXT.split(' ').slice(i) })
      res.status(202).json({ queued: queue.length })
    })
    // The worker wakes up every 12 s and takes everything.
    setInterval(() => queue.splice(0), 12000).unref()
  }
}
