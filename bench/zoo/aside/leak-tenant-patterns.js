'use strict'

const _ = require('lodash')
const { oneIn } = require('../shop')

const tenants = _.keyBy(Array.from({ length: 30 }, (_, i) => ({
  slug: `tenant-${i}`,
  titles: Array.from({ length: 40 }, (_, j) => `Blue shoes, model ${j}, size ${36 + j % 12}`)
})), 'slug')

/** Weak, so that the patterns of a tenant go with it. The tenants are those of the configuration. */
const patterns = new WeakMap()

function highlighter (tenant, phrase) {
  if (!patterns.has(tenant)) patterns.set(tenant, new Map())
  const known = patterns.get(tenant)
  if (!known.has(phrase)) known.set(phrase, new RegExp(`\\b(?:${phrase.split(' ').map(_.escapeRegExp).join('|')})\\b`, 'gi'))
  return known.get(phrase)
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /:tenant/search', container: 'patterns', line: 'known.set(phrase, new RegExp' },
  request: oneIn(4, (k) => k % 5 === 4
    ? { path: `/tenant-${k % 30}/titles` }
    : { path: `/tenant-${k % 30}/search?q=blue+shoes+size+${36 + k % 12}+order+${k.toString(36)}` }),
  app (app) {
    app.get('/:tenant/titles', (req, res) => res.json(tenants[req.params.tenant].titles))
    app.get('/:tenant/search', (req, res) => {
      const tenant = tenants[req.params.tenant]
      const words = highlighter(tenant, String(req.query.q))
      res.json(tenant.titles.map((title) => title.replace(words, '<b>$&</b>')))
    })
  }
}
