'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { oneIn } = require('../shop')

const FLUSH_MS = 9000

/** Collects what changed and writes it every few seconds, some rows at a time; what could not be written goes with the next ones. */
class WriteBehind {
  #dirty = new Map()
  written = 0
  attempts = 0

  constructor () {
    setInterval(() => this.#flush().catch(console.error), FLUSH_MS).unref()
  }

  put (id, row) {
    this.#dirty.set(id, row)
  }

  async #flush () {
    const rows = [...this.#dirty]
    this.#dirty.clear()
    for (let from = 0; from < rows.length; from += 50) {
      await sleep(20)
      const some = rows.slice(from, from + 50)
      if (++this.attempts % 12 !== 0) this.written += some.length
      else for (const [id, row] of some) if (!this.#dirty.has(id)) this.#dirty.set(id, row)
    }
  }

  get waiting () { return this.#dirty.size }
}

const READING = JSON.stringify({ values: Array.from({ length: 60 }, (_, i) => ({ at: i, celsius: 20 + i / 8, ok: true })) })

module.exports = {
  label: 'healthy',
  request: oneIn(4, (k) => k % 10 === 9 ? { path: '/meters' } : {
    method: 'PUT',
    path: `/meters/${k % 5 === 0 ? `main-${k % 25}` : `m${k}`}`,
    headers: { 'content-type': 'application/json' },
    body: READING
  }),
  app (app, express) {
    const table = new WriteBehind()
    app.get('/meters', (req, res) => res.json({ waiting: table.waiting, written: table.written }))
    app.put('/meters/:id', express.json(), (req, res) => {
      table.put(req.params.id, { values: req.body.values, by: req.get('user-agent') ?? 'meter', at: new Date() })
      res.sendStatus(202)
    })
  }
}
