'use strict'

const { oneIn } = require('../shop')

class Lock {
  #taken = false
  #waiting = []

  async take () {
    if (this.#taken) await new Promise((resolve) => this.#waiting.push(resolve))
    this.#taken = true
  }

  release () {
    this.#taken = false
    this.#waiting.shift()?.()
  }
}

const warehouses = Object.fromEntries(['north', 'south', 'east', 'west'].map((name) => [name, { stock: 1e6, lock: new Lock() }]))

async function transfer ({ from, to, items }) {
  const { [from]: source, [to]: target } = warehouses
  await source.lock.take()
  if (items.length === 0) return
  source.stock -= items.length
  target.stock += items.length
  source.lock.release()
}

const body = (count) => JSON.stringify({ items: Array.from({ length: count }, (_, id) => ({ id, bin: `bin-${id % 40}`, serial: `S-${id * 7919}` })) })
const FULL = body(14)
const EMPTY = body(0)

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /transfers/:from/:to', container: 'waiting', line: 'await new Promise((resolve) => this.#waiting.push' },
  request: oneIn(4, (k) => k % 4 === 3 ? { path: '/stock' } : {
    method: 'POST',
    path: `/transfers/${['north', 'south', 'east'][k % 3]}/west`,
    headers: { 'content-type': 'application/json' },
    body: k % 50 === 10 ? EMPTY : FULL
  }),
  app (app, express) {
    app.get('/stock', (req, res) => res.json(Object.entries(warehouses).map(([name, { stock }]) => ({ name, stock }))))
    app.post('/transfers/:from/:to', express.json(), (req, res) => {
      transfer({ ...req.params, items: req.body.items }).catch(console.error)
      res.sendStatus(202)
    })
  }
}
