'use strict'

const { types: { isProxy } } = require('node:util')

const { getOwnPropertyDescriptor } = Object

/**
 * The value of a property as it lies there: no getter and no trap of a Proxy runs, so nothing of the
 * app's code does. Undefined where the object has no such property of its own, or only a getter.
 * @param {unknown} object
 * @param {PropertyKey} name
 */
function dataProperty (object, name) {
  if (object === null || (typeof object !== 'object' && typeof object !== 'function') || isProxy(object)) return undefined
  return getOwnPropertyDescriptor(object, name)?.value
}

module.exports = { dataProperty }
