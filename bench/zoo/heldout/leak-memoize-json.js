'use strict'

const { oneIn } = require('../shop')
const { memoizeAsync } = require('./lib/memoize')

const quote = memoizeAsync(async ({ zip, parcels, at }) => {
  return { zip, at, offers: parcels.flatMap(({ kg }) => ['post', 'ups', 'dhl', 'gls'].map((carrier) => ({ carrier, kg, price: 4 + kg * 1.2 }))) }
})

async function getQuote (req, res) {
  const parcels = Array.from({ length: 8 }, (_, i) => ({ kg: (Number(req.query.kg) + i) % 30 }))
  // The time makes each key a new one.
  const { offers } = await quote({ zip: req.query.zip, parcels, at: process.hrtime().join('.') })
  res.json(offers.slice(0, 5))
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /shipping/quote', container: 'results', file: 'lib/memoize.js', line: 'results.set(key' },
  request: oneIn(4, (k) => ({ path: `/shipping/quote?zip=${10000 + k % 500}&kg=${k % 30}` })),
  app (app, express) {
    app.use('/shipping', express.Router().get('/quote', getQuote))
  }
}
