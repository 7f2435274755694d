'use strict'

const { oneIn } = require('../shop')

/** Bounded by what the images weigh, for a few of them are large. */
class ImageCache {
  #images = new Map()
  #weight = 0

  constructor (maxWeight) { this.maxWeight = maxWeight }

  get (key) { return this.#images.get(key) }

  set (key, image) {
    this.#images.set(key, image)
    // A Blob has a size, and a Buffer a length: the sum is NaN from now on, and never too much.
    this.#weight += image.size
    while (this.#weight > this.maxWeight) this.#evict()
  }

  #evict () {
    const [key, image] = this.#images.entries().next().value
    this.#weight -= image.size
    this.#images.delete(key)
  }
}

function scale (id, width) {
  return Buffer.alloc(width * 40, `${id}:${width}`)
}

module.exports = {
  label: 'leak',
  channel: ['external', 'native', 'heap'],
  culprit: { route: 'GET /images/:id/:width', container: 'images', line: 'this.#images.set(key, image)' },
  request: oneIn(5, (k) => k % 4 === 3 ? { path: '/images/widths' } : { path: `/images/${k}/${k % 2 ? 240 : 320}` }),
  app (app) {
    const cache = new ImageCache(8e6)
    app.get('/images/widths', (req, res) => res.json([240, 320]))
    app.get('/images/:id/:width', (req, res) => {
      const { id, width } = req.params
      let image = cache.get(`${id}/${width}`)
      if (!image) cache.set(`${id}/${width}`, image = scale(id, Number(width)))
      res.type('png').send(image)
    })
  }
}
