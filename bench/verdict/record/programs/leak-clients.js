'use strict'

// Push clients connect in waves. Those that vanish without a close frame stay in the list.
exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const clients = new Set()
  load.rate((t) => (t % 15 < 8 ? 120 : 10), (i) => {
    const client = { id: i, queue: [load.row(i, 800), load.row(i, 800)], on: { message: () => client.id } }
    clients.add(client)
    setTimeout(() => { if (load.random() > 0.12) clients.delete(client) }, 3000 + 3000 * load.random())
  })
  load.rate(600, (i) => { load.handle(i) })
}
