'use strict'

// Sends the requests, in a process of its own: what autocannon keeps for them must not lie in the heap that is measured.
// Its only argument is where autocannon is.

const autocannon = require(process.argv[2])

/** Milliseconds between two looks of autocannon at whether it is done. */
const LOOK_MS = 20

/** Connections that fail, as a share of the requests, after which no more are sent. */
const FAILING = 0.05
const FEWEST_FAILING = 20

let stop = () => {}

process.on('message', (/** @type {any} */ message) => {
  if (message.stop) stop()
  else drive(message)
})
process.on('disconnect', () => process.exit())

function drive ({ url, method, headers, body, amount, connections, timeoutMs, forMs }) {
  const seen = { sent: 0, answered: 0, statuses: {}, errors: {}, failed: 0, timeouts: 0, closes: false }
  const clients = []
  const instance = autocannon({
    url,
    method,
    headers,
    body,
    amount,
    connections,
    timeout: Math.max(1, timeoutMs / 1000),
    sampleInt: LOOK_MS,
    skipAggregateResult: true,
    bailout: Math.max(FEWEST_FAILING, Math.ceil(amount * FAILING)),
    setupClient (client) {
      clients.push(client)
      client.on('request', () => { seen.sent++ })
      client.on('headers', (answer) => note(seen, answer))
    }
  }, (error) => {
    clearTimeout(timer)
    clearTimeout(last)
    process.send?.({ ...seen, problem: error?.message })
  })
  instance.on?.('reqError', ({ code, message }) => {
    seen.failed++
    if (message === 'request timed out') seen.timeouts++
    const name = code ?? message
    seen.errors[name] = (seen.errors[name] ?? 0) + 1
  })
  let last
  // No connection is cut off in the middle of a request, which the app would see.
  stop = () => {
    for (const client of clients) client.responseMax = 1
    last ??= setTimeout(() => instance.stop?.(), timeoutMs)
  }
  const timer = Number.isFinite(forMs) ? setTimeout(() => stop(), forMs) : undefined
}

/** By status; and whether the server ends connections by itself, where autocannon sends requests that nobody reads. */
function note (seen, { statusCode, headers }) {
  seen.answered++
  seen.statuses[statusCode] = (seen.statuses[statusCode] ?? 0) + 1
  if (seen.closes) return
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i].length === 10 && headers[i].toLowerCase() === 'connection') seen.closes = /close/i.test(headers[i + 1])
  }
}
