'use strict'

const { oneIn } = require('../shop')

class Export {
  static running = 0

  constructor (account) {
    this.cancelled = false
    this.rows = Array.from({ length: 50 }, (_, i) => ({ account, day: i, text: `booking ${i} of ${account}`, cents: (i * 7919) % 10000 }))
    Export.running++
  }

  cancel () {
    this.cancelled = true
  }

  async write (res) {
    await new Promise((resolve) => setImmediate(resolve))
    Export.running--
    if (!this.cancelled) res.type('csv').send(this.rows.map(({ day, text, cents }) => `${day};${text};${cents}`).join('\n'))
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /accounts/:id/export.csv', container: 'Socket', line: "req.socket.once('close'" },
  request: oneIn(4, (k) => k % 4 === 3 ? { path: '/exports' } : { path: `/accounts/a${k}/export.csv` }),
  app (app) {
    app.get('/exports', (req, res) => res.json({ running: Export.running }))
    app.get('/accounts/:id/export.csv', async (req, res) => {
      const job = new Export(req.params.id)
      // Nobody waits any more where the connection is gone. It serves many a request before, though.
      req.socket.setMaxListeners(0)
      req.socket.once('close', () => job.cancel())
      await job.write(res)
    })
  }
}
