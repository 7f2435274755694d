'use strict'

const { integer, optional, readOptions } = require('../../options')
const { isInActions } = require('../annotations')
const { OPTIONS } = require('../options')
const { statusFault, urlsFault } = require('./routes')

const SERVER_OPTIONS = {
  urls: { default: undefined, check: optional(urlsFault) },
  requests: { default: 20000, check: integer(10, 10000000) },
  connections: { default: 10, check: integer(1, 10000) },
  budget: { default: 60000, check: integer(1000, 3600000) },
  timeout: { default: 10000, check: integer(1000, 600000) },
  expectStatus: { default: undefined, check: statusFault },
  explain: OPTIONS.explain,
  ignore: OPTIONS.ignore,
  artifacts: OPTIONS.artifacts,
  annotations: OPTIONS.annotations
}

/**
 * @param {object} [given]
 * @returns {{urls: any[] | undefined, requests: number, connections: number, budget: number, timeout: number,
 *   expectStatus: number | number[] | undefined, explain: boolean, ignore: import('../ignore').IgnoreRule[],
 *   artifacts: string | undefined, annotations: boolean}}
 */
function readServerOptions (given) {
  const options = readOptions(given, SERVER_OPTIONS)
  return { ...options, annotations: options.annotations ?? isInActions() }
}

module.exports = { readServerOptions }
