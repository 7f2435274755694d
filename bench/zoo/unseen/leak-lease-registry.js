'use strict'

const { oneIn } = require('../shop')

class Pool {
  taken = 0
  // A lease that was forgotten goes back when it is collected. It never is, for what is held here names it.
  #forgotten = new FinalizationRegistry(({ lease }) => this.release(lease))

  acquire (tenant) {
    const prepared = Array.from({ length: 70 }, (_, i) => ({ name: `${tenant}_${i}`, columns: [i, i + 1, i + 2] }))
    const lease = { tenant, prepared, takenAt: Date.now(), open: true }
    this.taken++
    this.#forgotten.register(lease, { lease, tenant }, lease)
    return lease
  }

  release (lease) {
    if (!lease.open) return
    lease.open = false
    this.taken--
    this.#forgotten.unregister(lease)
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /tenants/:tenant/usage', container: 'forgotten', line: '#forgotten.register(' },
  request: oneIn(4, (k) => ({ path: `/tenants/t${k % 200}/usage` })),
  app (app) {
    const pool = new Pool()
    app.get('/tenants/:tenant/usage', async (req, res) => {
      const lease = pool.acquire(req.params.tenant)
      await new Promise((resolve) => setImmediate(resolve))
      res.json({ tenant: lease.tenant, statements: lease.prepared.length })
    })
    app.get('/tenants/:tenant', (req, res) => {
      const lease = pool.acquire(req.params.tenant)
      res.json({ tenant: lease.tenant })
      pool.release(lease)
    })
  }
}
