'use strict'

const http = require('node:http')

/**
 * Clients that each keep one connection and ask over it again and again, without a pause, until nobody takes
 * new connections. One that its server has closed by an answer is opened anew, as a client should.
 * @param {number} port
 * @param {{clients: number, path?: string, until?: () => boolean, delayMs?: number}} options
 * @returns {Promise<{answered: number, closed: number, refused: number, failed: string[]}>} closed: answers that said so
 */
async function askWithoutPause (port, { clients, path = '/', until = () => false }) {
  /** @type {{answered: number, closed: number, refused: number, failed: string[], by: Record<string, number>}} */
  const result = { answered: 0, closed: 0, refused: 0, failed: [], by: {} }
  await Promise.all(Array.from({ length: clients }, async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    while (!until()) {
      const answer = await ask(agent, port, path)
      if (answer.error === undefined) {
        result.answered++
        result.by[answer.body] = (result.by[answer.body] ?? 0) + 1
        if (answer.closes) result.closed++
      } else if (answer.error === 'ECONNREFUSED') {
        result.refused++
        break
      } else {
        result.failed.push(answer.error)
      }
    }
    agent.destroy()
  }))
  return result
}

function ask (agent, port, path) {
  return new Promise((resolve) => {
    const request = http.get({ agent, port, path, host: '127.0.0.1' }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text) => { body += text })
      response.on('error', (/** @type {NodeJS.ErrnoException} */ error) => resolve({ error: error.code ?? error.message }))
      response.on('end', () => resolve(response.statusCode === 200
        ? { body, closes: response.headers.connection === 'close' }
        : { error: `status ${response.statusCode}` }))
    })
    request.on('error', (/** @type {NodeJS.ErrnoException} */ error) => resolve({ error: error.code ?? error.message }))
  })
}

module.exports = { ask, askWithoutPause }
