'use strict'

const { randomUUID } = require('node:crypto')
const { oneIn } = require('../shop')

function * pagesOf (table) {
  const rows = Array.from({ length: 80 }, (_, id) => ({ id, table, total: id * 2.5 }))
  for (let from = 0; from < rows.length; from += 20) yield rows.slice(from, from + 20)
}

class CursorController {
  constructor () {
    this.cursors = new Map()
  }

  open = async (req, res) => {
    const token = randomUUID()
    const cursor = pagesOf(req.params.table)
    this.cursors.set(token, cursor)
    res.json({ token, rows: cursor.next().value })
  }

  next = (req, res) => {
    const { value, done } = this.cursors.get(req.params.token)?.next() ?? { done: true }
    if (done) this.cursors.delete(req.params.token) // only who reads to the end comes here
    res.json({ rows: value ?? [] })
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /tables/:table/rows', container: 'cursors', line: 'cursors.set(' },
  request: oneIn(4, (k) => ({ path: `/tables/t${k % 12}/rows` })),
  app (app) {
    const controller = new CursorController()
    app.get('/tables/:table/rows', controller.open)
    app.get('/cursors/:token', controller.next)
  }
}
