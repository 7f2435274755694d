'use strict'

const { TEXT, oneIn } = require('../shop')

/** So long a message can be taken back; only then it goes out. */
const UNDO_MS = 12000

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => k % 6 === 5 && k > 60
    ? { method: 'DELETE', path: `/messages/m${k - 36}` }
    : { method: 'POST', path: `/messages/m${k}` }),
  app (app) {
    const waiting = new Map()
    let sent = 0
    app.post('/messages/:id', (req, res) => {
      const { id } = req.params
      const message = { id, to: Array.from({ length: 10 }, (_, i) => `reader-${i}@${id}.example`), text: `${id}: ${TEXT}` }
      const timer = setTimeout(() => {
        waiting.delete(id)
        sent += message.to.length
      }, UNDO_MS)
      waiting.set(id, timer.unref())
      res.status(202).json({ id, undoMs: UNDO_MS })
    })
    app.delete('/messages/:id', (req, res) => {
      clearTimeout(waiting.get(req.params.id))
      res.json({ undone: waiting.delete(req.params.id) })
    })
    app.get('/messages', (req, res) => res.json({ waiting: waiting.size, sent }))
  }
}
