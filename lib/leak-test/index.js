'use strict'

const { createError } = require('../errors')
const binding = require('../binding').loadBinding()
const { ignoreLeaks } = require('./ignore')
const { mustBeFunction, readTestOptions } = require('./options')
const { testForLeak } = require('./test')

/**
 * Calls `fn` in rounds until it is certain whether memory or handles grow with the calls.
 * @param {() => unknown} fn sync or async
 * @param {object} [options] see test.d.ts
 * @returns {Promise<import('./result').LeakTestResult>}
 */
async function measureLeak (fn, options) {
  mustBeFunction(fn)
  return testForLeak(binding, fn, readTestOptions(options))
}

/**
 * As `measureLeak`, and throws unless the function is clean.
 * @throws ERR_TIDEMARK_LEAK, ERR_TIDEMARK_LEAK_UNDECIDED, what `fn` throws
 */
async function assertNoLeak (fn, options) {
  const result = await measureLeak(fn, options)
  if (result.verdict === 'clean') return
  const error = createError(result.verdict === 'leaks' ? 'ERR_TIDEMARK_LEAK' : 'ERR_TIDEMARK_LEAK_UNDECIDED', [fn.name, result.message])
  throw Object.assign(error, { result })
}

module.exports = { assertNoLeak, ignoreLeaks, measureLeak }
