'use strict'

/**
 * Every error that tidemark throws, in one table: the code, and the sentence that says what is wrong
 * and what to do. `ERR_TIDEMARK_OPTION` is a TypeError, the rest are Errors.
 */
const MESSAGES = {
  ERR_TIDEMARK_OPTION: (name, expected, actual) =>
    `Expected \`${name}\` to be ${expected}, got ${describe(actual)}.`,
  ERR_TIDEMARK_UNKNOWN_OPTION: (name, known, nearest) =>
    `Unknown option \`${name}\`.${nearest ? ` Did you mean \`${nearest}\`?` : ''} Known options: ${known.join(', ')}.`,
  ERR_TIDEMARK_ALREADY_STARTED: () =>
    'tidemark is already started with other options. Call `stop()` first, or pass the options to the first `start()`.',
  ERR_TIDEMARK_BINDING_MISSING: (platform, tried) =>
    `No tidemark binary for ${platform} could be loaded. It comes as an optional dependency of the package: ` +
    'reinstall without `--omit=optional`, on the platform (and C library) that runs the app, and delete a ' +
    `lock file that was made on another platform. Tried: ${tried}`,
  ERR_TIDEMARK_BINDING_FOREIGN: (expected, actual) =>
    `The tidemark binary is of version ${actual}, the JavaScript of version ${expected}. ` +
    'Reinstall the package so that both come from one release.',
  ERR_TIDEMARK_UNSUPPORTED_RUNTIME: (runtime) =>
    `tidemark needs Node.js 18 or later, this is ${runtime}. ` +
    'Guard the require with `if (process.release.name === "node")` where the app also runs elsewhere.',
  ERR_TIDEMARK_LISTENER: (event, error) =>
    `A listener of '${event}' threw: ${error instanceof Error ? error.message : describe(error)}. ` +
    'tidemark goes on; the error is the `cause`.',
  ERR_TIDEMARK_LOGGER: (error) =>
    `The \`logger\` threw: ${error instanceof Error ? error.message : describe(error)}. ` +
    'The line of stats is lost; this is said once, and the error is the `cause`.'
}

class TidemarkError extends Error {
  constructor (code, message, options) {
    super(message, options)
    this.code = code
  }

  get name () {
    return 'TidemarkError'
  }
}

class TidemarkTypeError extends TypeError {
  constructor (code, message) {
    super(message)
    this.code = code
  }
}

/**
 * @param {keyof typeof MESSAGES} code
 * @param {any[]} details what the sentence of this code takes
 * @param {{cause?: unknown}} [options]
 */
function createError (code, details = [], options) {
  const message = MESSAGES[code](...details)
  if (code === 'ERR_TIDEMARK_OPTION' || code === 'ERR_TIDEMARK_UNKNOWN_OPTION') {
    return new TidemarkTypeError(code, message)
  }
  return new TidemarkError(code, message, options)
}

/** A value as it would stand in an error message: short, and never by calling code of the app. */
function describe (value) {
  if (typeof value === 'string') return value.length > 40 ? `'${value.slice(0, 40)}...'` : `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  if (typeof value === 'bigint') return `${value}n`
  return String(value)
}

module.exports = { createError, TidemarkError }
