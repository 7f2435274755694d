'use strict'

const { oneIn, TEXT } = require('../shop')

/** The sources of sixty pages, each of which is compiled when it is first asked for. */
const sources = Array.from({ length: 60 }, (_, page) => [
  `h1 Page ${page} for #{visitor}`,
  ...Array.from({ length: 10 }, (_, i) => `section(id='s${i}')\n  h2 Part ${page}.${i}\n  p ${TEXT.slice(i, i + 60)}\n  if part === ${i}\n    em You are here`)
].join('\n'))

function compileLazily (compile) {
  const templates = new Map()
  return (page) => {
    if (!templates.has(page)) templates.set(page, compile(sources[page]))
    return templates.get(page)
  }
}

module.exports = {
  label: 'healthy',
  // The later a page stands in the menu, the later somebody finds it.
  request: oneIn(4, (k) => ({ path: `/pages/${(k * 7) % Math.min(60, 5 + Math.floor(k / 40))}?part=${k % 10}&visitor=v${k}` })),
  app (app) {
    const templateOf = compileLazily(require('pug').compile)
    app.get('/pages/:page', (req, res) => {
      const { part, visitor } = req.query
      res.send(templateOf(Number(req.params.page))({ part: Number(part), visitor }))
    })
  }
}
