'use strict'

const { TEXT, oneIn } = require('../shop')

const LANGUAGES = ['de', 'en', 'fr', 'it', 'es', 'pl', 'nl', 'cs', 'da', 'sv']
const ARTICLES = 160

/** Has no bound, and needs none: there are 1600 labels in the world. */
const labels = new Map()

function label (language, article) {
  const key = `${language}/${article}`
  if (!labels.has(key)) {
    labels.set(key, {
      title: `${language} ${article}`,
      lines: Array.from({ length: 12 }, (_, i) => ({ at: i, text: `${language}: ${TEXT.slice(i * 40, i * 40 + 60)} ${article}` }))
    })
  }
  return labels.get(key)
}

/** Spreads the `k`s evenly over the articles, without order: the last labels are long in coming. */
function anyArticle (k) {
  let x = Math.imul(k ^ (k >>> 15), 0x2c1b3c6d)
  x = Math.imul(x ^ (x >>> 12), 0x297a2d39)
  return ((x ^ (x >>> 15)) >>> 0) % ARTICLES
}

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => ({ path: `/labels/${LANGUAGES[k * 7 % 10]}/${anyArticle(k + 1)}` })),
  app (app) {
    app.get('/labels', (req, res) => res.json({ ready: labels.size }))
    app.get('/labels/:language/:article', (req, res) => res.json(label(req.params.language, Number(req.params.article))))
  }
}
