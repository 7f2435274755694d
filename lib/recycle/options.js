'use strict'

const { createError } = require('../errors')
const { folderName, func, integer, optional, readOptions } = require('../options')

const HOUR_MS = 3600000

/** The options of `recycle()`: see recycle.d.ts. */
const OPTIONS = {
  drainMs: { default: 30000, check: integer(0, HOUR_MS) },
  idleMs: { default: 5000, check: integer(0, HOUR_MS) },
  noticeMs: { default: undefined, check: optional(integer(0, HOUR_MS)) },
  jitterMs: { default: 2000, check: integer(0, HOUR_MS) },
  intervalMs: { default: 10000, check: integer(0, HOUR_MS) },
  mostPerHour: { default: 20, check: integer(1, 10000) },
  leastUptimeMs: { default: 60000, check: integer(0, 24 * HOUR_MS) },
  directory: { default: undefined, check: optional(folderName()) },
  leave: { default: undefined, check: optional(func()) }
}

/** Those of `recycle.primary()`. */
const PRIMARY_OPTIONS = {
  fork: { default: undefined, check: optional(func()) },
  replaceMs: { default: 30000, check: integer(100, HOUR_MS) }
}

/** What is used of a server: every `http.Server` and `https.Server` has it, a copy of Node.js's class too. */
const METHODS = ['on', 'prependListener', 'close', 'closeIdleConnections', 'closeAllConnections']

/**
 * @param {unknown} given a server, several, or none where there is nothing to drain
 * @returns {import('node:http').Server[]}
 * @throws ERR_TIDEMARK_OPTION
 */
function readServers (given) {
  const servers = given === undefined || given === null ? [] : Array.isArray(given) ? [...given] : [given]
  if (!servers.every(isServer)) throw createError('ERR_TIDEMARK_OPTION', ['server', 'an http.Server or https.Server, an array of them, or null', given])
  return servers
}

function isServer (server) {
  return typeof server === 'object' && server !== null && METHODS.every((method) => typeof server[method] === 'function')
}

module.exports = { OPTIONS, PRIMARY_OPTIONS, readOptions, readServers }
