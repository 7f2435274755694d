'use strict'

const { shopRequest } = require('../shop')

module.exports = {
  label: 'healthy',
  // From halfway on twice the load from four times the connections, each with its own state.
  load: [{ rate: 200 }, { rate: 200, from: 0.5, connections: 60 }],
  request: shopRequest,
  app () {},
  server (server) {
    server.on('connection', (socket) => {
      const state = { since: new Date(), history: Array.from({ length: 2000 }, (_, i) => i * 0.5) }
      socket.on('data', () => { state.last = Date.now() })
    })
  }
}
