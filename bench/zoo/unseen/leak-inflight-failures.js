'use strict'

const { oneIn } = require('../shop')

class UpstreamError extends Error {
  constructor (status, request, response) {
    super(`The exchange answered ${status} to ${request.url}`)
    Object.assign(this, { status, request, response })
  }
}

const inFlight = {}

/** Whoever asks for the same while it is being loaded waits for the same answer. */
async function shared (key, load) {
  inFlight[key] ??= load(key)
  const answer = await inFlight[key]
  delete inFlight[key] // not reached where the exchange fails
  return answer
}

async function fetchQuote (isin) {
  await new Promise((resolve) => setTimeout(resolve, 5))
  if (isin.endsWith('0')) return { isin, price: isin.length * 7 }
  const trace = Array.from({ length: 80 }, (_, hop) => ({ hop, host: `edge-${hop}.${isin}`, ms: hop % 7 }))
  throw new UpstreamError(503, { url: `/v2/quotes/${isin}`, headers: { accept: 'application/json' } }, { trace })
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /quotes/:isin', container: 'inFlight', line: 'inFlight[key] ??= load(' },
  request: oneIn(4, (k) => ({ path: `/quotes/DE${k}` })),
  app (app) {
    app.get('/quotes/:isin', async (req, res) => {
      try {
        res.json(await shared(req.params.isin, fetchQuote))
      } catch (error) {
        res.status(error.status).json({ error: error.message })
      }
    })
  }
}
