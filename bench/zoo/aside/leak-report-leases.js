'use strict'

const { oneIn } = require('../shop')

class ConnectionPool {
  #connections = Array.from({ length: 10 }, (_, id) => ({ id, queries: 0, query: async (sql) => [{ sql: sql.length }] }))
  #turn = 0
  /** Tells of the connections that somebody dropped instead of giving them back. */
  #abandoned = new FinalizationRegistry(({ purpose, since, stack }) => console.warn(`${purpose} lost its connection of ${since}`, stack))

  lend (purpose, parameters) {
    const connection = this.#connections[this.#turn++ % this.#connections.length]
    this.#abandoned.register(connection, { purpose, parameters, since: new Date(), stack: new Error(purpose).stack })
    return connection
  }

  giveBack (connection) {
    connection.queries++
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /reports/:kind', container: 'abandoned', line: 'this.#abandoned.register(connection' },
  request: oneIn(4, (k) => k % 5 === 4 ? { path: '/reports' } : { path: `/reports/kind-${k % 7}?from=${k}&to=${k + 30}` }),
  app (app) {
    const pool = new ConnectionPool()
    app.get('/reports', (req, res) => res.json(Array.from({ length: 7 }, (_, i) => `kind-${i}`)))
    app.get('/reports/:kind', async (req, res) => {
      const connection = pool.lend(`report ${req.params.kind}`, req.query)
      try {
        res.json(await connection.query(`select * from report_${req.params.kind} where day between ${req.query.from} and ${req.query.to}`))
      } finally {
        pool.giveBack(connection)
      }
    })
  }
}
