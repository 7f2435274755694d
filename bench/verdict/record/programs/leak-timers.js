'use strict'

// Connections come and go. Each has a heartbeat, and one close handler in ten forgets to stop it.
exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const connections = new Map()
  load.rate(40, async (i) => {
    const connection = { id: i, buffer: Array.from({ length: 30 }, () => load.row(i, 200)) }
    const heartbeat = setInterval(() => { connection.seen = Date.now() }, 5000)
    connections.set(i, connection)
    setTimeout(() => {
      connections.delete(i)
      if (i % 10 !== 0) clearInterval(heartbeat)
    }, 1000 + 3000 * load.random())
  })
  load.rate(600, (i) => { load.handle(i) })
}
