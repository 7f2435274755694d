'use strict'

const { marked } = require('marked')
const { oneIn } = require('../shop')

const ARTICLES = Array.from({ length: 50 }, (_, id) => [
  `# Article ${id}`,
  ...Array.from({ length: 6 }, (_, i) => `Paragraph ${i}, see [part ${i}](part-${i}) of *this* [article](/articles/${id}).`)
].join('\n\n'))

/** Links within the shop keep what the visitor came by. */
function render (markdown, { campaign, visitor }) {
  const hrefs = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`part-${i}`, `/parts/${i}?c=${campaign}&v=${visitor}`]))
  marked.use({
    renderer: {
      link: ({ href, text }) => `<a href="${hrefs[href] ?? href}">${text}</a>`
    }
  })
  return marked.parse(markdown)
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /articles/:id', container: 'renderer', line: 'marked.use({' },
  request: oneIn(3, (k) => k % 5 === 4 ? { path: '/articles' } : { path: `/articles/${k % 50}?campaign=spring&visitor=v${k}` }),
  app (app) {
    app.get('/articles', (req, res) => res.json({ articles: ARTICLES.length }))
    app.get('/articles/:id', (req, res) => res.type('html').send(render(ARTICLES[Number(req.params.id)], req.query)))
  }
}
