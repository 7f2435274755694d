'use strict'

const { isIP } = require('node:net')

/**
 * Whether a request came to a name that is ours: a page of somebody else whose name suddenly leads to this address (DNS
 * rebinding) has another one. Loopback and addresses are always ours.
 * @param {string | undefined} host the header
 * @param {string[]} hosts other names, without a port
 */
function isOurHost (host, hosts) {
  const name = nameOf(host)
  return name !== undefined && (name === 'localhost' || isIP(name) !== 0 || hosts.includes(name))
}

/** Whether the page itself asks, not one of somebody else. */
function isOurPage ({ headers }, hosts) {
  const { host, origin } = headers
  if (!isOurHost(host, hosts) || origin === undefined) return false
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  try {
    return new URL(origin).host === host.toLowerCase()
  } catch {
    return false
  }
}

/** Without port and brackets. */
function nameOf (host) {
  const [, name] = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i.exec(host ?? '') ?? []
  return name?.toLowerCase().replace(/^\[|\]$/g, '')
}

module.exports = { isOurHost, isOurPage }
