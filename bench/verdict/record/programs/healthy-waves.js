'use strict'

// Push clients connect and leave in waves of half a minute, and every one of them is removed.
exports.label = 'healthy'
exports.run = (load) => {
  const clients = new Set()
  load.rate((t) => 60 * (1 + Math.sin(t / 5)), (i) => {
    const client = { id: i, queue: [load.row(i, 1500), load.row(i, 1500)] }
    clients.add(client)
    setTimeout(() => clients.delete(client), 9000)
  })
  load.rate(600, (i) => { load.handle(i) })
}
