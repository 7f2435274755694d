'use strict'

const net = require('node:net')
const { once } = require('node:events')
const { oneIn } = require('../shop')

/** Stands for the auditor's machine: it says 'ok' to every line, and leaves it to the client to hang up. */
function startCollector () {
  const collector = net.createServer((socket) => {
    socket.on('data', () => socket.write('ok\n'))
    socket.on('error', () => socket.destroy())
    socket.unref()
  })
  collector.listen(0, '127.0.0.1').unref()
  return collector
}

async function report (collector, entry) {
  const socket = net.connect(collector.address().port, '127.0.0.1')
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  socket.write(`${JSON.stringify(entry)}\n`)
  await once(socket, 'data')
  // Told. The socket is not needed any more, and nobody says so.
}

module.exports = {
  label: 'leak',
  channel: ['resources', 'heap', 'native'],
  culprit: { route: 'POST /logins', container: 'socket', line: 'net.connect(collector' },
  request: oneIn(5, (k) => k % 4 === 3 ? { method: 'POST', path: `/logins?user=u${k}` } : { path: `/users/u${k}` }),
  app (app) {
    const collector = startCollector()
    app.get('/users/:id', (req, res) => res.json({ id: req.params.id, roles: ['customer'] }))
    app.post('/logins', async (req, res) => {
      await report(collector, { user: req.query.user, at: new Date(), from: req.ip })
      res.status(201).json({ token: Buffer.from(req.query.user).toString('base64url') })
    })
  }
}
