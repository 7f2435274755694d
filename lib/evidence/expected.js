'use strict'

const { createError } = require('../errors')
const { integer, readOptions } = require('../options')

const BOUNDS = { max: { default: undefined, check: integer(1, Number.MAX_SAFE_INTEGER) } }

/** What the app says of its own containers. @type {WeakMap<object, number>} */
const expected = new WeakMap()

/**
 * The app declares how many entries a container may have: its growth up to there is not a leak.
 * @param {object} container a Map, Set, array, object or emitter, or the cache that has it
 * @param {{max: number}} bounds
 * @throws {TypeError} ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
 */
function expect (container, bounds) {
  if ((typeof container !== 'object' || container === null) && typeof container !== 'function') {
    throw createError('ERR_TIDEMARK_OPTION', ['container', 'an object that holds entries', container])
  }
  const { max } = readOptions(bounds, BOUNDS)
  if (max === undefined) throw createError('ERR_TIDEMARK_OPTION', ['max', BOUNDS.max.check(undefined), max])
  expected.set(container, max)
}

/** @param {object | undefined} container @returns {number | undefined} entries */
function expectedOf (container) {
  return container === undefined ? undefined : expected.get(container)
}

module.exports = { expect, expectedOf }
