'use strict'

const http = require('node:http')
const { RATE } = require('./services')

/** How often requests are sent, and connections opened. */
const TICK_MS = 100

/**
 * Load for one service: requests at an even pace with a swing of a fifth in 10 minutes, and connections where it wants some.
 * @returns {{stop: () => void, answered: () => number}}
 */
function startLoad (service, port) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
  const clients = new Set()
  let [n, owed, joining, answered] = [0, 0, 0, 0]
  let last = Date.now()
  const timer = setInterval(() => {
    const now = Date.now()
    const seconds = (now - last) / 1000
    last = now
    owed += RATE * (1 + 0.2 * Math.sin(now / 95000)) * seconds
    for (; owed >= 1; owed--) ask(n++)
    joining += (service.clients?.perSecond ?? 0) * seconds
    for (; joining >= 1; joining--) join()
  }, TICK_MS)

  function ask (i) {
    const body = service.body && JSON.stringify(service.body(i))
    const req = http.request({ port, host: '127.0.0.1', agent, path: service.path(i), method: body ? 'POST' : 'GET' }, (res) => {
      answered++
      res.resume()
    })
    req.on('error', () => {})
    req.end(body)
  }

  function join () {
    const client = service.clients.kind === 'ws' ? webSocket(port) : socketIo(port)
    clients.add(client)
    setTimeout(() => {
      client.end()
      clients.delete(client)
    }, service.clients.lifeMs).unref()
  }

  return {
    stop () {
      clearInterval(timer)
      agent.destroy()
      for (const client of clients) client.end()
    },
    answered: () => answered
  }
}

function webSocket (port) {
  const WebSocket = require('ws')
  const socket = new WebSocket(`ws://127.0.0.1:${port}`)
  socket.on('error', () => {})
  const timer = setInterval(() => { if (socket.readyState === WebSocket.OPEN) socket.send('still here') }, 20000)
  return {
    end () {
      clearInterval(timer)
      socket.terminate()
    }
  }
}

function socketIo (port) {
  const socket = require('socket.io-client')(`http://127.0.0.1:${port}`, { transports: ['websocket'], reconnection: false, forceNew: true })
  return { end: () => socket.disconnect() }
}

module.exports = { startLoad }
