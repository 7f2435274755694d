'use strict'

const { PassThrough } = require('node:stream')
const { oneIn, TEXT } = require('../shop')

const taps = {}

function tapFor (documentId) {
  const tap = new PassThrough()
  // Whoever wants to look in may read it; nobody ever does, and nobody ends it.
  taps[documentId] = tap
  return tap
}

module.exports = {
  label: 'leak',
  channel: ['heap', 'external'],
  culprit: { route: 'GET /documents/:id/download', container: 'taps', line: 'taps[documentId] = tap' },
  request: oneIn(8, (k) => ({ path: `/documents/${k}/download` })),
  app (app) {
    app.get('/documents/:id/download', (req, res) => {
      const source = new PassThrough()
      source.pipe(tapFor(req.params.id))
      source.pipe(res)
      source.end(TEXT.repeat(4))
    })
  }
}
