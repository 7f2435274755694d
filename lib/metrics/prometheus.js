'use strict'

const { keepRunning } = require('../publish')
const { optional, readOptions } = require('../options')
const tidemark = require('../../index.js')
const { Reader } = require('./reader')
const { isRegistry, loadedRegistry, register } = require('./registry')

const OPTIONS = {
  register: { default: undefined, check: optional((value) => isRegistry(value) ? undefined : 'a registry of prom-client or @prometheus-io/client') }
}

/**
 * `require('tidemark/prometheus')`: tidemark's metrics in the app's registry.
 * @param {{register?: object}} [options] see prometheus.d.ts
 * @returns {{unregister: () => void}}
 * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION, ERR_TIDEMARK_METRICS
 */
module.exports = function prometheus (options) {
  const registry = readOptions(options, OPTIONS).register ?? loadedRegistry()
  const reader = new Reader(tidemark)
  try {
    const takeOut = register(registry, reader)
    const letGo = keepRunning(tidemark)
    return {
      unregister () {
        takeOut()
        letGo()
        reader.close()
      }
    }
  } catch (error) {
    reader.close()
    throw error
  }
}
