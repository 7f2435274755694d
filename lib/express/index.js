'use strict'

const { createError } = require('../errors')
const { integer, optional, readOptions } = require('../options')
const { keepRunning } = require('../publish')
const { createWriter, isLogger } = require('./logger')
const { Reporter } = require('./reporter')
const { createStatusHandler } = require('./status')
const { Traffic } = require('./traffic')

const OPTIONS = {
  logger: { default: undefined, check: optional(isLogger) },
  interval: { default: 60000, check: integer(1, 2147483647) }
}

/**
 * Makes `tidemark.express`: middleware that counts requests beside the monitor's memory, for
 * Express 4 and 5 and every server that calls `(req, res, next)`.
 * @param {InstanceType<typeof import('../monitor').Monitor>} monitor
 */
function createMiddleware (monitor) {
  /** One for all apps of this thread, so that a request that meets two of them is counted once. */
  const traffic = new Traffic()
  /** @type {InstanceType<typeof Reporter> | null} */
  let latest = null
  /** What serves `app.use(tidemark.express)`, which was to be `app.use(tidemark.express())`. */
  let uncalled
  let kept

  /**
   * @param {{logger?: object, interval?: number}} [options] see express.d.ts
   * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
   */
  function express (options, ...rest) {
    if (rest.length > 0 && typeof rest.at(-1) === 'function') {
      if (uncalled === undefined) process.emitWarning(createError('ERR_TIDEMARK_EXPRESS_NOT_CALLED'))
      uncalled ??= express()
      return uncalled(options, ...rest)
    }
    const { logger, interval } = readOptions(options, OPTIONS)
    // One for all apps of this thread.
    kept ??= keepRunning(monitor)
    const reporter = new Reporter(monitor, traffic, interval, logger && createWriter(logger))
    latest = reporter
    return function tidemark (req, res, next) {
      count(reporter, traffic, req, res)
      if (typeof next === 'function') next()
    }
  }

  express.status = () => createStatusHandler(() => ({
    ...monitor.status(),
    traffic: {
      requests: traffic.requests,
      errors: traffic.errors,
      aborted: traffic.aborted,
      inFlight: traffic.inFlight
    },
    latency: latest === null ? { p50Ms: null, p99Ms: null } : latest.latency(),
    latencyMemoryCorrelation: latest === null ? null : latest.latencyMemoryCorrelation,
    routes: traffic.routes()
  }))

  return express
}

/** Whatever goes wrong with counting, the request goes on. */
function count (reporter, traffic, req, res) {
  try {
    reporter.wake()
    traffic.begin(req, res)
  } catch {}
}

module.exports = { createMiddleware }
