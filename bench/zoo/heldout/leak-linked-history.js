'use strict'

const { oneIn, TEXT } = require('../shop')

class History {
  #head = null
  #length = 0

  push (change) {
    this.#head = { change, at: new Date(), next: this.#head }
    return ++this.#length
  }

  undo () {
    const { change, next } = this.#head
    this.#head = next
    return change
  }
}

const history = new History()

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'PATCH /pages/:slug', container: 'History', line: '#head = { change,' },
  request: oneIn(4, (k) => ({ method: 'PATCH', path: `/pages/page-${k % 80}`, headers: { 'content-type': 'text/plain' }, body: `${k} ${TEXT}` })),
  app (app, express) {
    const pages = new Map()
    app.patch('/pages/:slug', express.text(), (req, res) => {
      const before = pages.get(req.params.slug) ?? []
      const after = req.body.split(' ')
      pages.set(req.params.slug, after)
      res.json({ changes: history.push({ slug: req.params.slug, before, after }) })
    })
  }
}
