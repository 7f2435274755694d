'use strict'

const { MessageChannel } = require('node:worker_threads')
const { oneIn } = require('../shop')

/** Who changed what goes to the archive over a port, so that no request waits for it. */
class AuditTrail {
  #queue = new MessageChannel()

  record (entry) {
    this.#queue.port1.postMessage(entry)
  }

  /** In the small installations there is no archive, and nobody calls this. */
  attach (archive) {
    this.#queue.port2.on('message', (entry) => archive.append(entry))
  }
}

const BODY = JSON.stringify({ fields: Array.from({ length: 60 }, (_, i) => ({ name: `field-${i}`, before: `what was in ${i * 7}`, after: `what is in ${i * 11}`, by: 'form' })) })

module.exports = {
  label: 'leak',
  channel: ['native'],
  culprit: { route: 'PATCH /customers/:id', container: 'queue', line: 'this.#queue.port1.postMessage(entry)' },
  request: oneIn(3, (k) => k % 4 === 3 ? { path: `/customers/c${k % 300}` } : {
    method: 'PATCH',
    path: `/customers/c${k % 300}`,
    headers: { 'content-type': 'application/json' },
    body: BODY
  }),
  app (app, express) {
    const trail = new AuditTrail()
    if (process.env.ARCHIVE) trail.attach(require(process.env.ARCHIVE))
    app.get('/customers/:id', (req, res) => res.json({ id: req.params.id, name: `Customer ${req.params.id}` }))
    app.patch('/customers/:id', express.json(), (req, res) => {
      trail.record({ customer: req.params.id, at: new Date(), fields: req.body.fields })
      res.json({ changed: req.body.fields.length })
    })
  }
}
