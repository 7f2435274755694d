'use strict'

const { oneIn, TEXT } = require('../shop')

const DIMENSIONS = 2048

function embed (text) {
  const vector = new Float32Array(DIMENSIONS)
  for (let i = 0; i < DIMENSIONS; i++) vector[i] = text.charCodeAt(i % text.length) / 255
  return vector
}

const index = {
  vectors: [],
  upsert (id, vector) {
    // Adds, and never replaces what the document had before.
    this.vectors.push({ id, vector })
    return this.vectors.length
  }
}

module.exports = {
  label: 'leak',
  channel: ['external', 'heap'],
  culprit: { route: 'PUT /documents/:id', container: 'vectors', line: 'vectors.push({ id, vector' },
  request: oneIn(4, (k) => ({ method: 'PUT', path: `/documents/${k % 300}`, headers: { 'content-type': 'text/plain' }, body: `${k} ${TEXT}` })),
  app (app, express) {
    app.put('/documents/:id', express.text(), (req, res) => {
      index.upsert(req.params.id, embed(req.body))
      res.sendStatus(204)
    })
  }
}
