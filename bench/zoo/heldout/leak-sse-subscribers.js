'use strict'

const { oneIn, TEXT } = require('../shop')
const hub = require('./lib/event-hub')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /api/orders/:id/events', container: 'subscribers', file: 'lib/event-hub.js', line: 'subscribers.push(' },
  request: oneIn(4, (k) => ({ path: `/api/orders/${k}/events` })),
  app (app, express) {
    const router = express.Router()
    router.get('/orders/:id/events', streamOrderEvents)
    app.use('/api', router)
  }
}

function streamOrderEvents (req, res) {
  res.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  hub.subscribe(req.params.id, res)
  res.write('retry: 2000\n\n')
  hub.publish(req.params.id, { status: 'packed', note: TEXT.slice(0, 100) })
  // The proxy in front cuts every stream; the clients come back with a new one.
  setImmediate(() => res.end())
}
