'use strict'

const tls = require('node:tls')
const { oneIn } = require('../shop')

/** Whom we trust, where the customer's own list is not to be trusted. */
const AUTHORITIES = tls.rootCertificates.slice(0, 6)

/** One context for each host that we deliver to, for a handshake costs enough without it. */
class Trust {
  #contexts = new Map()

  contextOf (host) {
    if (!this.#contexts.has(host)) this.#contexts.set(host, tls.createSecureContext({ ca: AUTHORITIES, minVersion: 'TLSv1.2' }))
    return this.#contexts.get(host)
  }

  get size () { return this.#contexts.size }
}

module.exports = {
  label: 'leak',
  channel: ['native', 'heap', 'external'],
  culprit: { route: 'POST /endpoints/:host/check', container: 'contexts', line: 'this.#contexts.set(host, tls' },
  // Every shop that signs up has a host of its own, and most are checked this once.
  request: oneIn(20, (k) => ({ method: 'POST', path: `/endpoints/${k % 5 === 4 ? 'shop-0' : `shop-${k}`}.example/check` })),
  app (app) {
    const trust = new Trust()
    app.get('/endpoints', (req, res) => res.json({ known: trust.size }))
    app.post('/endpoints/:host/check', (req, res) => {
      const secureContext = trust.contextOf(req.params.host)
      res.json({ host: req.params.host, ready: secureContext.context !== undefined })
    })
  }
}
