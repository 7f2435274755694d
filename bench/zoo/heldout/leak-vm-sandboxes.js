'use strict'

const vm = require('node:vm')
const { oneIn } = require('../shop')

/** Runs the discount rules that the shop's owners write. */
class RuleEngine {
  static #instance
  sandboxes = []

  static get instance () {
    return RuleEngine.#instance ??= new RuleEngine()
  }

  evaluate (rule, cart) {
    const sandbox = vm.createContext({ cart })
    this.sandboxes.push(sandbox)
    return new vm.Script(`(() => (${rule}))()`, { filename: 'rule.vm' }).runInContext(sandbox)
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /discounts/:total', container: 'sandboxes', line: 'sandboxes.push(' },
  request: oneIn(200, (k) => ({ path: `/discounts/${k % 500}` })),
  app (app) {
    app.get('/discounts/:total', (req, res) => {
      const percent = RuleEngine.instance.evaluate('cart.total > 100 ? 10 : 0', { total: Number(req.params.total) })
      res.json({ percent })
    })
  }
}
