'use strict'

const { oneIn } = require('../shop')
const orm = require('./lib/entity-manager')

class Customer {
  static async select (id) {
    await new Promise((resolve) => setImmediate(resolve))
    const addresses = Array.from({ length: 25 }, (_, i) => ({ street: `${id} Harbour Road ${i}`, zip: 10000 + i, primary: i === 0 }))
    return { id, name: `Customer ${id}`, addresses, since: new Date(2020, id % 12, 1) }
  }

  get primary () {
    return this.addresses.find(({ primary }) => primary)
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /customers/:id', container: 'identities', file: 'lib/entity-manager.js', line: 'entities.set(id, entity)' },
  request: oneIn(4, (k) => ({ path: `/customers/${k}` })),
  app (app, express) {
    const router = express.Router()
    router.get('/:id', async (req, res) => {
      const customer = await orm.manager.find(Customer, Number(req.params.id)) // the manager of all requests
      res.json({ name: customer.name, address: customer.primary })
    })
    app.use('/customers', router)
  }
}
