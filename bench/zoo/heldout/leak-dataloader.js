'use strict'

const { oneIn, TEXT } = require('../shop')

class Loader {
  #batchFn
  #promises = new Map()
  #queue = []

  constructor (batchFn) {
    this.#batchFn = batchFn
  }

  load (key) {
    let promise = this.#promises.get(key)
    if (promise) return promise
    promise = new Promise((resolve, reject) => {
      if (this.#queue.push({ key, resolve, reject }) === 1) process.nextTick(() => this.#dispatch())
    })
    this.#promises.set(key, promise)
    return promise
  }

  async #dispatch () {
    const batch = this.#queue.splice(0)
    const values = await this.#batchFn(batch.map(({ key }) => key))
    batch.forEach(({ resolve }, i) => resolve(values[i]))
  }
}

// Once for the process, where one for each request was meant.
const authors = new Loader(async (ids) => ids.map((id) => ({ id, name: `Author ${id}`, books: TEXT.split(' ').slice(0, 60).map((title, i) => ({ title, year: 1950 + i })) })))

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /authors/:id', container: 'promises', line: '#promises.set(key, promise)' },
  request: oneIn(4, (k) => ({ path: `/authors/${k}` })),
  app (app) {
    app.get('/authors/:id', async function getAuthor (req, res) {
      const { name, books } = await authors.load(req.params.id)
      res.json({ name, books: books.length })
    })
  }
}
