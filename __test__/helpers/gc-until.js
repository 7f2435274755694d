'use strict'

const { setImmediate } = require('node:timers/promises')

/**
 * Collects until `condition` holds. One gc() proves nothing: finalizers, weak callbacks and events
 * come some turns later.
 *
 * @param {() => void} collect
 * @param {() => boolean} condition
 * @param {number} [tries]
 */
async function gcUntil (collect, condition, tries = 50) {
  for (let i = 0; i < tries; i++) {
    await setImmediate()
    if (condition()) return
    collect()
    await setImmediate()
    if (condition()) return
  }
  throw new Error(`condition did not come true in ${tries} collections: ${condition}`)
}

module.exports = { gcUntil }
