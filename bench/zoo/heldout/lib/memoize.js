'use strict'

/** Remembers what an async function resolved to, and asks only once while it works. */
function memoizeAsync (fn) {
  const results = new Map()
  return async function memoized (...args) {
    const key = JSON.stringify(args)
    if (!results.has(key)) {
      const pending = fn(...args)
      results.set(key, pending)
      pending.catch(() => results.delete(key))
    }
    return results.get(key)
  }
}

module.exports = { memoizeAsync }
