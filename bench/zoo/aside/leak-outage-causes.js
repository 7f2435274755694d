'use strict'

const { oneIn } = require('../shop')

class RateError extends Error {
  constructor (currency, request, options) {
    super(`no rate for ${currency}`, options)
    this.currency = currency
    this.request = request
  }
}

/** Stands for the bank's service. Since last night it knows the old currencies only. */
async function askBank ({ currency }) {
  await undefined
  if (currency.startsWith('X')) throw new TypeError('fetch failed')
  return 1.07
}

class Rates {
  lastFailure = undefined

  async of (currency, amount) {
    const request = { currency, amount, url: `https://rates.example/${currency}?amount=${amount}`, headers: { accept: 'application/json', 'x-amount': String(amount) } }
    try {
      return await askBank(request)
    } catch (error) {
      // With what went wrong before as the cause: the first one tells how the outage began.
      this.lastFailure = new RateError(currency, request, { cause: this.lastFailure ?? error })
      return 1
    }
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /rates/:currency', container: 'lastFailure', line: 'this.lastFailure = new RateError' },
  request: oneIn(3, (k) => ({ path: `/rates/${k % 4 === 0 ? 'USD' : `X${k % 40}`}?amount=${k}` })),
  app (app) {
    const rates = new Rates()
    app.get('/rates/:currency', async (req, res) => res.json({ rate: await rates.of(req.params.currency, Number(req.query.amount)) }))
    app.get('/outage', (req, res) => res.json({ last: rates.lastFailure?.message ?? null }))
  }
}
