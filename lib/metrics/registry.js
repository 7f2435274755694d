'use strict'

const path = require('node:path')
const { createError } = require('../errors')
const { FAMILIES } = require('./families')

/** The client, which is deprecated, and its successor. Each has a registry of its own. */
const CLIENTS = ['prom-client', '@prometheus-io/client']

/**
 * Puts all metrics into a registry of either client. Both take metrics as plain objects, so that neither is needed.
 * @param {{registerMetric: (metric: object) => void, removeSingleMetric: (name: string) => void}} registry
 * @param {InstanceType<typeof import('./reader').Reader>} reader
 * @returns {() => void} takes them out again
 * @throws ERR_TIDEMARK_METRICS where one of the names is taken
 */
function register (registry, reader) {
  /** @type {string[]} */
  const done = []
  const unregister = () => { for (const name of done.splice(0)) registry.removeSingleMetric(name) }
  for (const family of FAMILIES) {
    try {
      registry.registerMetric(metricOf(family, reader))
    } catch (error) {
      unregister()
      throw createError('ERR_TIDEMARK_METRICS', [`The metric ${family.name} cannot be registered: ${error.message}. Are tidemark's metrics in this registry already?`], { cause: error })
    }
    done.push(family.name)
  }
  return unregister
}

function metricOf (family, reader) {
  const { name, help, type, labelNames, aggregator } = family
  return {
    name,
    help,
    type,
    labelNames,
    aggregator,
    async get () {
      // For OpenMetrics the registry takes `_total` off a counter's name for a moment.
      return { name: this.name, help, type, aggregator, values: reader.rowsOf(family) }
    },
    // Counters are V8's, and go on.
    reset () {}
  }
}

/** @returns {boolean} whether something is a registry, of either client, in whichever version */
function isRegistry (value) {
  return ['registerMetric', 'removeSingleMetric'].every((method) => typeof value?.[method] === 'function')
}

/**
 * The registry of the client that the app has loaded.
 * @throws ERR_TIDEMARK_METRICS where there is none, or more than one
 */
function loadedRegistry () {
  const folders = loadedClients()
  if (folders.length !== 1) {
    const found = folders.length === 0 ? 'Neither prom-client nor @prometheus-io/client is loaded' : `More than one Prometheus client is loaded: ${folders.join(', ')}`
    throw createError('ERR_TIDEMARK_METRICS', [`${found}. Say which registry is meant: \`require('tidemark/prometheus')({ register })\`.`])
  }
  return require(folders[0]).register
}

function loadedClients () {
  const folders = new Set()
  for (const file of Object.keys(require.cache)) {
    for (const client of CLIENTS) {
      const part = `${path.sep}${path.join('node_modules', ...client.split('/'))}${path.sep}`
      const at = file.lastIndexOf(part)
      if (at >= 0) folders.add(file.slice(0, at + part.length - 1))
    }
  }
  return [...folders]
}

module.exports = { isRegistry, loadedRegistry, register }
