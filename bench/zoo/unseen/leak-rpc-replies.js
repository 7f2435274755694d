'use strict'

const { MessageChannel } = require('node:worker_threads')
const { oneIn } = require('../shop')

/** Stands for a broker behind a socket: it answers to 'get', and takes 'publish' without a word. */
function startBroker (port) {
  port.on('message', ({ id, method }) => {
    if (method === 'get') port.postMessage({ id, result: 'ok' })
  })
  port.unref()
}

function connect (port) {
  const awaiting = new Map()
  let lastId = 0
  port.on('message', ({ id, result }) => {
    awaiting.get(id).resolve(result)
    awaiting.delete(id)
  })
  port.unref()
  return function call (method, payload) {
    const id = ++lastId
    return new Promise((resolve, reject) => {
      awaiting.set(id, { resolve, reject, method, payload })
      port.postMessage({ id, method, payload })
    })
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /topics/:topic/events', container: 'awaiting', line: 'awaiting.set(id, {' },
  request: oneIn(8, (k) => ({ method: 'POST', path: `/topics/topic-${k % 12}/events` })),
  app (app) {
    const { port1, port2 } = new MessageChannel()
    startBroker(port2)
    const call = connect(port1)
    app.post('/topics/:topic/events', (req, res) => {
      call('publish', Array.from({ length: 130 }, (_, i) => ({ topic: req.params.topic, key: `${Date.now()}-${i}`, value: i / 7 })))
      res.sendStatus(202)
    })
  }
}
