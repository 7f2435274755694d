'use strict'

const autocannon = require('autocannon')

/** The same for both apps. What a shop is asked: mostly looking, some buying. */
const LOAD = {
  connections: 20,
  overallRate: 1000,
  requests: [
    { path: '/api/products/17' },
    { path: '/api/products?page=2' },
    { path: '/api/products/404' },
    { path: '/' },
    {
      method: 'POST',
      path: '/api/orders',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ items: [17, 404] })
    }
  ]
}

/**
 * Drives a server until it is told to stop, or for an hour.
 * @param {string} url
 * @param {number} [overallRate] requests a second
 * @returns {{count (): number, stop (): void}} count: responses so far
 */
function drive (url, overallRate = LOAD.overallRate) {
  const instance = autocannon({ url, duration: 3600, ...LOAD, overallRate }, () => {})
  let count = 0
  instance.on('response', () => { count++ })
  return { count: () => count, stop: () => instance.stop() }
}

const DESCRIPTION = `${LOAD.overallRate} requests a second over ${LOAD.connections} connections`

module.exports = { drive, DESCRIPTION }
