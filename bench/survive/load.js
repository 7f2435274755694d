'use strict'

const autocannon = require('autocannon')

/**
 * Keep-alive load by autocannon, and how many of its requests have failed: had no answer, or one that is not 2xx.
 *
 * Two things of autocannon are made right. It sends the next request over a connection that the answer has
 * just closed (`Connection: close`), which no client may; and where a connection ends while an answer is
 * waited for, it counts no error.
 * @param {{url: string, connections: number, rate: number, seconds: number}} options rate: requests a second, of all together
 */
function drive ({ url, connections, rate, seconds }) {
  let failed = 0
  const instance = autocannon({
    url,
    connections,
    overallRate: rate,
    duration: seconds,
    timeout: 20,
    // It takes a request a millisecond for what was planned.
    ignoreCoordinatedOmission: true,
    setupClient: (client) => careful(client, () => { failed++ })
  })
  return {
    /** @returns {number} until now */
    get failed () {
      return failed
    },
    stop: () => instance.stop(),
    /** @returns {Promise<{requests: number, failed: number, p50Ms: number, p99Ms: number, mostMs: number}>} */
    ended: new Promise((resolve, reject) => {
      instance.on('error', reject)
      instance.on('done', (result) => resolve({
        requests: result.requests.total,
        failed: failed + result.non2xx,
        p50Ms: result.latency.p50,
        p99Ms: result.latency.p99,
        mostMs: result.latency.max
      }))
    })
  }
}

/* oxlint-disable no-underscore-dangle -- autocannon has no face for it */
function careful (client, onFailed) {
  const connect = client._connect
  const doRequest = client._doRequest
  let isWaiting = false
  let isClosing = false
  client.on('request', () => { isWaiting = true })
  client.on('headers', ({ shouldKeepAlive }) => { isClosing = !shouldKeepAlive })
  client.on('response', () => { isWaiting = false })
  client._doRequest = () => { if (!isClosing) doRequest.call(client) }
  client._connect = () => {
    if (isWaiting) {
      onFailed()
      client.pipelinedRequests.clear()
    }
    isWaiting = isClosing = false
    connect.call(client)
  }
}

module.exports = { drive }
