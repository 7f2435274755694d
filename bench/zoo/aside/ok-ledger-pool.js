'use strict'

const net = require('node:net')
const readline = require('node:readline')
const { oneIn } = require('../shop')

/** Stands for the ledger's machine: it answers each line after a while. */
function startLedger () {
  const ledger = net.createServer((socket) => {
    socket.on('error', () => socket.destroy())
    readline.createInterface({ input: socket }).on('line', (line) => setTimeout(() => socket.write(`${line.length}\n`), 25))
    socket.unref()
  })
  return ledger.listen(0, '127.0.0.1').unref()
}

/** Grows by one connection in a second and a half while there is need, up to its bound; a connection that has served long is replaced. */
class Pool {
  #connections = []
  #max = 16
  #perConnection = 300
  #grownAt = 0

  constructor (ledger) { this.ledger = ledger }

  ask (line) {
    if (this.#connections.length < this.#max && Date.now() - this.#grownAt > 1500) this.#open()
    const connection = this.#connections.reduce((a, b) => a.pending.length <= b.pending.length ? a : b)
    if (++connection.served === this.#perConnection) this.#retire(connection)
    return new Promise((resolve) => {
      connection.pending.push(resolve)
      connection.socket.write(`${line}\n`)
    })
  }

  #open () {
    this.#grownAt = Date.now()
    const socket = net.connect(this.ledger.address().port, '127.0.0.1').unref()
    const connection = { socket, pending: [], served: 0, retired: false }
    socket.on('error', () => socket.destroy())
    readline.createInterface({ input: socket }).on('line', (answer) => {
      connection.pending.shift()(Number(answer))
      if (connection.retired && connection.pending.length === 0) socket.end()
    })
    this.#connections.push(connection)
  }

  #retire (connection) {
    connection.retired = true
    this.#connections.splice(this.#connections.indexOf(connection), 1)
    this.#open()
  }
}

module.exports = {
  label: 'healthy',
  request: oneIn(5, (k) => k % 8 === 7 ? { path: '/ledger' } : { method: 'POST', path: `/ledger/${k % 300}?cents=${k}` }),
  app (app) {
    const pool = new Pool(startLedger())
    app.get('/ledger', (req, res) => res.json({ accounts: 300 }))
    app.post('/ledger/:account', async (req, res) => {
      res.status(201).json({ row: await pool.ask(JSON.stringify({ account: req.params.account, cents: req.query.cents })) })
    })
  }
}
