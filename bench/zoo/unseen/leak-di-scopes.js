'use strict'

const { oneIn } = require('../shop')

const kScopes = Symbol('scopes')

class Container {
  constructor (parent, values = {}) {
    this.parent = parent
    this.values = values
    this[kScopes] = new Set()
  }

  createScope (values) {
    const scope = new Container(this, values)
    this[kScopes].add(scope)
    return scope
  }

  resolve (name) {
    return this.values[name] ?? this.parent.resolve(name)
  }

  dispose () {
    this.parent[kScopes].delete(this)
  }
}

const root = new Container(undefined, { vat: 0.19 })

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /baskets/:id/price', container: 'scopes', line: 'this[kScopes].add(scope)' },
  request: oneIn(4, (k) => ({ method: 'POST', path: `/baskets/${k}/price` })),
  app (app) {
    app.post('/baskets/:id/price', async (req, res) => {
      const lines = Array.from({ length: 140 }, (_, i) => ({ sku: `sku-${i}`, cents: 99 + i, note: `${req.params.id}/${i}` }))
      const scope = root.createScope({ lines })
      const price = await total(scope, Number(req.params.id)) // dispose() is not in a finally
      scope.dispose()
      res.json({ price })
    })
    app.use('/baskets', (error, req, res, next) => res.status(409).json({ error: error.message }))
  }
}

async function total (scope, basket) {
  if (basket % 3 !== 0) throw new Error('Out of stock')
  return scope.resolve('lines').reduce((sum, { cents }) => sum + cents, 0) * (1 + scope.resolve('vat'))
}
