'use strict'

const { oneIn } = require('../shop')

class Ledger {
  static streams = Object.create(null)

  static append (account, type, postings) {
    const stream = Ledger.streams[account] ??= []
    const total = postings.reduce((sum, { cents }) => sum + cents, stream.at(-1)?.total ?? 0)
    // A snapshot was to replace the older events one day.
    stream.push({ version: stream.length + 1, type, postings, total })
    return total
  }
}

const BODY = JSON.stringify({ postings: Array.from({ length: 80 }, (_, i) => ({ cents: 100 + i, to: `cost-centre-${i}`, vat: 0.19 })) })

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /accounts/:id/postings', container: 'streams', line: 'stream.push({ version' },
  request: oneIn(4, (k) => ({
    method: 'POST',
    path: `/accounts/${k % 40}/postings`,
    headers: { 'content-type': 'application/json' },
    body: BODY
  })),
  app (app, express) {
    const accounts = express.Router({ mergeParams: true })
    accounts.post('/postings', express.json(), (req, res) => {
      const total = Ledger.append(req.params.id, 'posted', req.body.postings)
      res.status(201).json({ account: req.params.id, total })
    })
    app.use('/accounts/:id', accounts)
  }
}
