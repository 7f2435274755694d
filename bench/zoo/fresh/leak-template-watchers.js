'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { TEXT, oneIn } = require('../shop')

/** The views of the shops, a file for each. */
function writeViews () {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'views-'))
  for (let i = 0; i < 12; i++) fs.writeFileSync(path.join(folder, `shop-${i}.html`), `<h1>{{name}}</h1>\n${`<p>${TEXT}</p>\n`.repeat(12)}`)
  return folder
}

class View {
  constructor (file) {
    this.file = file
    this.load()
    // A view that changes on the disk changes here. It was meant to be made once for each file.
    fs.watch(file, () => this.load())
  }

  load () {
    this.parts = fs.readFileSync(this.file, 'utf8').split('{{name}}')
  }

  render (name) {
    return this.parts.join(name)
  }
}

module.exports = {
  label: 'leak',
  channel: ['resources', 'heap', 'native'],
  culprit: { route: 'GET /shops/:shop/home', container: 'FSEventWrap', line: 'watch(file, () => this.load())' },
  request: oneIn(10, (k) => k % 4 === 3 ? { path: '/shops' } : { path: `/shops/shop-${k % 12}/home?name=Shop+${k}` }),
  app (app) {
    const folder = writeViews()
    app.get('/shops', (req, res) => res.json(Array.from({ length: 12 }, (_, i) => `shop-${i}`)))
    app.get('/shops/:shop/home', (req, res) => {
      const view = new View(path.join(folder, `${req.params.shop}.html`))
      res.type('html').send(view.render(req.query.name))
    })
  }
}
