'use strict'

const { oneIn, TEXT } = require('../shop')

class Outbox {
  constructor (transport) {
    this.transport = transport
    this.pending = []
  }

  add (mail) {
    this.pending.push({ ...mail, attempts: 0, queuedAt: Date.now() })
  }

  async drain () {
    const mail = this.pending.shift()
    if (mail === undefined) return
    try {
      await this.transport(mail)
    } catch (error) {
      this.pending.push({ ...mail, attempts: mail.attempts + 1, error: error.message })
    }
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /newsletter/:address', container: 'pending', line: 'pending.push({ ...mail, attempts: 0' },
  request: oneIn(4, (k) => ({ method: 'POST', path: `/newsletter/user${k}@example.com` })),
  app (app) {
    const outbox = new Outbox(async ({ to }) => { if (to.length % 2) throw new Error('421 try again later') })
    // Ten mails a second at most, and a hundred come in.
    setInterval(() => outbox.drain(), 100).unref()
    app.post('/newsletter/:address', (req, res) => {
      outbox.add({ to: req.params.address, subject: 'News', words: TEXT.split(' ') })
      res.status(202).end()
    })
  }
}
