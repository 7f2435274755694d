'use strict'

const { createError } = require('../errors')
const { isOutOfDescriptors, withSpare } = require('../spare-descriptor')

/**
 * Runs what opens files. Where the process has no descriptor left it is refused in words.
 * @template T @param {() => T} work @returns {T}
 */
function refusingWithout (work) {
  try {
    return work()
  } catch (cause) {
    throw isOutOfDescriptors(cause) ? noDescriptors(cause) : cause
  }
}

/**
 * As `refusingWithout`, and with tidemark's spare descriptor where there is no other.
 * @template T @param {() => T} work is done again from the beginning
 * @returns {T}
 */
function withDescriptors (work) {
  return refusingWithout(() => withSpare(work))
}

function noDescriptors (cause) {
  return createError('ERR_TIDEMARK_SNAPSHOT_REFUSED',
    ['descriptors', `no file can be opened: ${cause.message}. Close files, or let the process have more of them (ulimit -n)`], { cause })
}

module.exports = { noDescriptors, refusingWithout, withDescriptors }
