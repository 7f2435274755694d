'use strict'

const http = require('node:http')
const { once } = require('node:events')

/** Listens on a free port of the loopback interface until the test ends. @returns {Promise<number>} the port */
async function listen (t, handler) {
  const server = http.createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections?.()
    server.close()
  })
  return server.address().port
}

/** @returns {Promise<{status: number, headers: object, body: string}>} */
function request (port, path, { method = 'GET' } = {}) {
  return new Promise((resolve, reject) => {
    http.request({ port, path, method, host: '127.0.0.1', agent: false }, (res) => {
      let body = ''
      res.setEncoding('utf8').on('data', (chunk) => { body += chunk })
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, body }))
    }).on('error', reject).end()
  })
}

/** Turns of the event loop until `condition` holds; the deadline is the test's. */
async function until (condition) {
  while (!await condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

module.exports = { listen, request, until }
