'use strict'

const { createHash } = require('node:crypto')
const { oneIn } = require('../shop')

const IMAGE = 'p'.repeat(12000)

class SignatureIndex {
  constructor () {
    this.byDigest = new Map()
  }

  /** Keeps the first sixteen bytes only, which is what the author believes. */
  add (image) {
    const digest = createHash('sha1').update(image).update(String(this.byDigest.size)).digest('hex')
    this.byDigest.set(digest, image.subarray(0, 16))
    return digest
  }
}

module.exports = {
  label: 'leak',
  channel: ['external'],
  culprit: { route: 'PUT /images/:name', container: 'byDigest', line: 'byDigest.set(' },
  request: oneIn(5, (k) => ({ method: 'PUT', path: `/images/${k}.png`, headers: { 'content-type': 'image/png' }, body: IMAGE })),
  app (app, express) {
    const signatures = new SignatureIndex()
    app.put('/images/:name', express.raw({ type: 'image/*' }), async (req, res) => {
      res.status(201).json({ name: req.params.name, digest: signatures.add(req.body) })
    })
  }
}
