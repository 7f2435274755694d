'use strict'

const { createError } = require('../errors')

const NONE_LEFT = ['EMFILE', 'ENFILE']

/**
 * Runs what opens files. A process that leaks descriptors has none left just when it is looked at.
 * @template T @param {() => T} work @returns {T}
 */
function withDescriptors (work) {
  try {
    return work()
  } catch (cause) {
    throw NONE_LEFT.includes(cause.code) ? noDescriptors(cause) : cause
  }
}

function noDescriptors (cause) {
  return createError('ERR_TIDEMARK_SNAPSHOT_REFUSED',
    ['descriptors', `no file can be opened: ${cause.message}. Close files, or let the process have more of them (ulimit -n)`], { cause })
}

module.exports = { NONE_LEFT, noDescriptors, withDescriptors }
