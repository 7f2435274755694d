'use strict'

const { oneIn, TEXT } = require('../shop')

class Lru {
  #entries = new Map()
  #max

  constructor (max) {
    this.#max = max
  }

  get (key, make) {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      this.#entries.delete(key)
      this.#entries.set(key, known)
      return known
    }
    const made = make(key)
    this.#entries.set(key, made)
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value)
    return made
  }
}

module.exports = {
  label: 'healthy',
  // 100 new keys a second: full after 20 s.
  request: oneIn(4, (k) => ({ path: `/snippets/${k}` })),
  app (app) {
    const snippets = new Lru(2000)
    app.get('/snippets/:id', (req, res) => {
      const words = snippets.get(req.params.id, (id) => [id, ...TEXT.split(' ')])
      res.json({ id: words[0], words: words.length })
    })
  }
}
