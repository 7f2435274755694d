'use strict'

const { types } = require('node:util')
const { getOwnPropertyDescriptor, getPrototypeOf, isMap, isReadable, isSet, mapSize, own, ownKeys, setSize } = require('./read')

/** The inspector makes something of every entry and every property of what it is asked about. */
const MAX_ENTRIES = 1000
const MAX_KEYS = 200

/**
 * Whether the inspector may be asked about an object: it must be small, and describing it, its values
 * and its prototype must not run code of the app. What is hidden in it (private fields, what a Promise
 * was settled with, what a function is bound to) is described too, and cannot be looked at before.
 * @param {unknown} object
 */
function isShowable (object) {
  if (!isReadable(object)) return false
  if (isMap(object) && mapSize(object) > MAX_ENTRIES) return false
  if (isSet(object) && setSize(object) > MAX_ENTRIES) return false
  const keys = ownKeys(object)
  return keys.length <= MAX_KEYS && isDescribable(object) &&
    keys.every((key) => {
      const value = own(object, key)
      return !isReadable(value) || isDescribable(value)
    })
}

/**
 * To describe an Error V8 reads its `stack`. It looks for `splice` in all else, along the prototypes,
 * and reads the `length` of what has that method.
 */
function isDescribable (object) {
  // Before anything is asked of it: to look at the descriptor of `stack` formats it.
  if (types.isNativeError(object)) return false
  if (hasAccessor(object, 'stack') || hasAccessor(object, 'length')) return false
  let splices = false
  let measures = false
  for (let at = object; at !== null; at = getPrototypeOf(at)) {
    if (types.isProxy(at) || types.isNativeError(at) || hasAccessor(at, 'splice')) return false
    splices ||= typeof own(at, 'splice') === 'function'
    measures ||= hasAccessor(at, 'length')
  }
  return !(splices && measures)
}

function hasAccessor (object, name) {
  const descriptor = getOwnPropertyDescriptor(object, name)
  return descriptor !== undefined && !('value' in descriptor)
}

module.exports = { isShowable }
