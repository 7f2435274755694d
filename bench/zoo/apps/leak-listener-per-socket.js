'use strict'

const { EventEmitter } = require('node:events')
const { oneIn } = require('../shop')

const broadcast = new EventEmitter().setMaxListeners(0)

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'server.on(connection)', container: 'EventEmitter', line: 'broadcast.on(' },
  load: [{ rate: 100, reconnectRate: 1 }],
  request: oneIn(2, () => ({ path: '/hello' })),
  app (app) {
    app.get('/hello', (req, res) => res.json({ hello: 'world' }))
  },
  server (server) {
    server.on('connection', (socket) => {
      const seen = { from: socket.remotePort, at: Date.now(), messages: [] }
      broadcast.on('message', (message) => {
        seen.messages.push(message)
        if (socket.writable) socket.write(message)
      })
    })
  }
}
