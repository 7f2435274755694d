'use strict'

const { oneIn } = require('../shop')

/** Sends one mail after the other, in the order in which they were asked for. */
class Outbox {
  sent = 0
  #jobs = []
  #wake = () => {}

  add (job) {
    this.#jobs.push(job)
    this.#wake()
  }

  async work () {
    const job = await this.#next()
    await this.#send(job)
    // The next one from within this one, which so is never done.
    await this.work().catch((error) => console.error('not sent', job.to, error))
  }

  async #next () {
    while (this.#jobs.length === 0) await new Promise((resolve) => { this.#wake = resolve })
    return this.#jobs.shift()
  }

  async #send ({ to, lines }) {
    await new Promise((resolve) => setImmediate(resolve))
    if (to && lines.length > 0) this.sent++
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /invoices/:id/mail', container: 'wake', line: 'await this.work().catch(' },
  request: oneIn(4, (k) => k % 4 === 3 ? { path: '/outbox' } : { method: 'POST', path: `/invoices/i${k}/mail` }),
  app (app) {
    const outbox = new Outbox()
    outbox.work()
    app.get('/outbox', (req, res) => res.json({ sent: outbox.sent }))
    app.post('/invoices/:id/mail', (req, res) => {
      const lines = Array.from({ length: 60 }, (_, i) => ({ position: i, text: `${req.params.id}, position ${i}`, cents: 100 + i * 9 }))
      outbox.add({ to: `${req.params.id}@customers.example`, lines })
      res.sendStatus(202)
    })
  }
}
