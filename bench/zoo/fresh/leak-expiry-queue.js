'use strict'

const { oneIn } = require('../shop')

const REMIND_MS = 2 * 60 * 60 * 1000

/** A binary heap: the first to be due is at the root. */
class Agenda {
  #reminders = []

  plan (at, task) {
    const reminders = this.#reminders
    let i = reminders.length
    reminders.push({ at, task })
    for (let up = (i - 1) >> 1; i > 0 && reminders[up].at > at; up = (i - 1) >> 1) {
      [reminders[i], reminders[up]] = [reminders[up], reminders[i]]
      i = up
    }
  }

  /** Runs what is due. What was planned anew meanwhile has a later reminder too, so that the earlier one does nothing. */
  run (now) {
    if (!(this.#reminders[0]?.at <= now)) return
    const due = this.#reminders.filter(({ at }) => at <= now)
    this.#reminders = this.#reminders.filter(({ at }) => at > now).sort((a, b) => a.at - b.at)
    for (const { task } of due) task(now)
  }
}

const ITEM = JSON.stringify({ sku: 'ink-black', count: 2, gift: { wrap: 'blue', to: 'a friend' } })

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'PUT /carts/:id/items/:place', container: 'reminders', line: 'reminders.push({ at, task })' },
  request: oneIn(4, (k) => k % 5 === 4 ? { path: `/carts/c${k % 200}` } : {
    method: 'PUT',
    path: `/carts/c${k % 200}/items/${k % 25}`,
    headers: { 'content-type': 'application/json' },
    body: ITEM
  }),
  app (app, express) {
    const carts = new Map(Array.from({ length: 200 }, (_, i) => [`c${i}`, { version: 0, reminded: 0, items: [] }]))
    const agenda = new Agenda()
    setInterval(() => agenda.run(Date.now()), 1000).unref()
    app.get('/carts/:id', (req, res) => res.json(carts.get(req.params.id)))
    app.put('/carts/:id/items/:place', express.json(), (req, res) => {
      const cart = carts.get(req.params.id)
      const version = ++cart.version
      // Another array each time, so that the reminder tells of the cart as the visitor left it.
      const items = cart.items = cart.items.filter(({ place }) => place !== req.params.place).concat({ place: req.params.place, ...req.body })
      agenda.plan(Date.now() + REMIND_MS, () => { if (cart.version === version) cart.reminded = items.length })
      res.json({ items: items.length })
    })
  }
}
