'use strict'

const { TEXT, oneIn } = require('../shop')

const DAY_MS = 24 * 60 * 60 * 1000

/** Whoever sends the same message twice within a day is not heard again. A day of signatures is a few megabytes. */
function replayGuard () {
  const seen = new Set()
  setInterval(() => seen.clear(), DAY_MS).unref()
  return (req, res, next) => {
    const signature = req.body.slice(-64)
    if (seen.has(signature)) return res.sendStatus(208)
    // A piece of the body is the whole body: the engine copies no string that it can point into.
    seen.add(signature)
    next()
  }
}

const message = (k) => `${JSON.stringify({ event: k, text: TEXT.repeat(5) })}\n${String(k).padStart(64, '5f2e91c07ab4d386')}`

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /inbox/:sender', container: 'seen', line: 'seen.add(signature)' },
  request: oneIn(4, (k) => ({
    method: 'POST',
    path: `/inbox/sender-${k % 20}`,
    headers: { 'content-type': 'text/plain' },
    body: message(k % 10 === 9 ? k - 9 : k)
  })),
  app (app, express) {
    let taken = 0
    app.use('/inbox', express.text({ limit: '64kb' }), replayGuard())
    app.post('/inbox/:sender', (req, res) => {
      taken += JSON.parse(req.body.split('\n')[0]).event >= 0 ? 1 : 0
      res.status(202).json({ taken })
    })
  }
}
