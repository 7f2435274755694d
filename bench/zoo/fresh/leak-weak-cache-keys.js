'use strict'

const { oneIn } = require('../shop')

/** Results are kept as long as there is memory for them: the collector takes what nobody uses. */
class SoftCache {
  #results = new Map()

  get (key) {
    return this.#results.get(key)?.deref()
  }

  set (key, result) {
    // The collector takes the result, and leaves the key and the empty reference.
    this.#results.set(key, new WeakRef(result))
    return result
  }
}

function search ({ filters }) {
  return { total: filters.length, hits: Array.from({ length: 20 }, (_, i) => ({ id: i, score: 1 / (1 + i), field: filters[i].field })) }
}

const query = (k) => JSON.stringify({
  filters: Array.from({ length: 40 }, (_, i) => ({ field: `attribute-${i}`, from: (k * 31 + i) % 5000, to: 5000 + (k + i) % 4000, visitor: k }))
})

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /search', container: 'results', line: 'this.#results.set(key, new WeakRef' },
  request: oneIn(2, (k) => k % 6 === 5 ? { path: '/search/attributes' } : {
    method: 'POST',
    path: '/search',
    headers: { 'content-type': 'application/json' },
    body: query(k)
  }),
  app (app, express) {
    const cache = new SoftCache()
    app.get('/search/attributes', (req, res) => res.json(Array.from({ length: 40 }, (_, i) => `attribute-${i}`)))
    app.post('/search', express.json(), (req, res) => {
      const key = JSON.stringify(req.body)
      res.json(cache.get(key) ?? cache.set(key, search(req.body)))
    })
  }
}
