'use strict'

const { createError } = require('../errors')

/**
 * How a logger is to be called, told from its shape and without requiring any:
 *
 * - pino, and those like it (Fastify's, bunyan): `info(object, message)`. They have `child()` and
 *   no `transports`.
 * - winston: `info(message, object)`. It has `transports`.
 * - console, and everything else: `info(message)`, or `log(message)` where there is no `info`.
 *
 * pino and winston get the numbers under the key `tidemark`, the others the sentence alone, since
 * one line was promised and console would print an object over many.
 *
 * @param {object | Function} logger
 * @returns {(stats: object, line: string) => void} never throws
 */
function createWriter (logger) {
  const call = callOf(logger)
  let told = false
  const failed = (cause) => {
    if (told) return
    told = true
    process.emitWarning(createError('ERR_TIDEMARK_LOGGER', [cause], { cause }))
  }
  return (stats, line) => {
    try {
      const result = call(stats, line)
      if (typeof result?.then === 'function') result.then(undefined, failed)
    } catch (error) {
      failed(error)
    }
  }
}

function callOf (logger) {
  if (typeof logger.info !== 'function') return (stats, line) => logger.log(line)
  if ('transports' in logger) return (stats, line) => logger.info(line, { tidemark: stats })
  if (typeof logger.child === 'function') return (stats, line) => logger.info({ tidemark: stats }, line)
  return (stats, line) => logger.info(line)
}

/** A check for readOptions. */
function isLogger (value) {
  const fits = (typeof value === 'object' || typeof value === 'function') && value !== null &&
    (typeof value.info === 'function' || typeof value.log === 'function')
  return fits ? undefined : 'a logger with an `info` or a `log` function (pino, winston, console)'
}

module.exports = { createWriter, isLogger }
