'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { TEXT, oneIn } = require('../shop')

class Downloads {
  #open = new Set()

  /** Those that are open are waited for at the shutdown. */
  open (file) {
    const stream = fs.createReadStream(file)
    stream.once('close', () => this.#open.delete(stream))
    this.#open.add(stream)
    return stream
  }
}

module.exports = {
  label: 'leak',
  channel: ['resources', 'heap', 'native'],
  culprit: { route: 'GET /manuals/:name', container: 'open', line: 'this.#open.add(stream)' },
  request: oneIn(8, (k) => ({ path: `/manuals/m${k % 8}`, headers: k % 3 === 0 ? {} : { 'if-none-match': '"v7"' } })),
  app (app) {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'manuals-')), 'manual.txt')
    fs.writeFileSync(file, TEXT.repeat(20))
    const downloads = new Downloads()
    app.get('/manuals', (req, res) => res.json(Array.from({ length: 8 }, (_, i) => `m${i}`)))
    app.get('/manuals/:name', (req, res) => {
      const stream = downloads.open(file)
      res.set('etag', '"v7"').type('text')
      if (req.fresh) return res.status(304).end()
      stream.pipe(res)
    })
  }
}
