'use strict'

const { TEXT, oneIn } = require('../shop')

const words = TEXT.trim().split(' ')

function renderPage (id) {
  const rows = Array.from({ length: 90 }, (_, i) => `<tr><td>${id}.${i}</td><td>${words[(id + i * 7) % words.length]}</td></tr>`)
  return `<h1>Page ${id}</h1><table>${rows.join('')}</table>`
}

module.exports = {
  label: 'healthy',
  // Some 16 MB, at half a megabyte a second; from then on a page goes for each that comes.
  request: oneIn(3, (k) => k % 8 === 7 ? { path: `/pages/${k % 40}` } : { path: `/pages/${k}` }),
  app (app) {
    const { LRUCache } = require('lru-cache')
    const pages = new LRUCache({ maxSize: 12e6, sizeCalculation: (html) => html.length })
    app.get('/pages', (req, res) => res.json({ pages: pages.size, bytes: pages.calculatedSize }))
    app.get('/pages/:id', (req, res) => {
      let html = pages.get(req.params.id)
      if (html === undefined) pages.set(req.params.id, html = renderPage(Number(req.params.id)))
      res.type('html').send(html)
    })
  }
}
