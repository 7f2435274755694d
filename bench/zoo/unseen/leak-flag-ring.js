'use strict'

const { oneIn } = require('../shop')

const SIZE = 2000
const FLAGS = ['new-cart', 'dark-mode', 'fast-search', 'one-click', 'gift-cards', 'reviews', 'bundles', 'chat', 'wishlist', 'coupons']

class EvaluationLog {
  #slots = []
  #at = 0

  record (evaluation) {
    this.#slots[this.#at] = evaluation
    this.#at = this.#at + 1 % SIZE
  }
}

class FlagClient {
  constructor (log) {
    this.log = log
  }

  evaluate (flag, user) {
    const rules = Array.from({ length: 6 }, (_, i) => ({ rule: `${flag}/${i}`, bucket: (user.length * 31 + i) % 100, matched: i === 5 }))
    const on = rules.at(-1).matched
    this.log.record({ flag, user, on, rules, at: new Date() })
    return on
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /api/dashboard/:user', container: 'slots', line: '#slots[this.#at] = evaluation' },
  request: oneIn(4, (k) => ({ path: `/api/dashboard/user-${k % 3000}` })),
  app (app, express) {
    const flags = new FlagClient(new EvaluationLog())
    const api = express.Router()
    api.get('/dashboard/:user', (req, res) => {
      res.json(Object.fromEntries(FLAGS.map((flag) => [flag, flags.evaluate(flag, req.params.user)])))
    })
    app.use('/api', api)
  }
}
