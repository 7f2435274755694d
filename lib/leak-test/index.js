'use strict'

const { createError } = require('../errors')
const binding = require('../binding').loadBinding()
const { alone } = require('./alone')
const { annotate } = require('./annotations')
const { keeping } = require('./artifacts')
const { isCollected } = require('./collected')
const { ignoreLeaks } = require('./ignore')
const { mustBeFunction, readTestOptions, readTrackOptions } = require('./options')
const { failureOf, warnOf } = require('./result')
const { selfCheck } = require('./self-check')
const { assertServerNoLeak, measureServerLeak } = require('./server')
const { testForLeak } = require('./test')
const { LeakTracker } = require('./track')

/**
 * Calls `fn` in rounds until it is certain whether memory or handles grow with the calls.
 * @param {() => unknown} fn sync or async
 * @param {object} [options] see test.d.ts
 * @returns {Promise<import('./result').LeakTestResult>}
 */
async function measureLeak (fn, options) {
  mustBeFunction(fn)
  const read = readTestOptions(options)
  return keeping(fn.name, read.artifacts, (means) => testForLeak(binding, fn, read, means))
}

/**
 * As `measureLeak`, and throws unless the function is clean.
 * @throws ERR_TIDEMARK_LEAK, ERR_TIDEMARK_LEAK_UNDECIDED, what `fn` throws
 */
async function assertNoLeak (fn, options) {
  const result = await measureLeak(fn, options)
  const failure = failureOf(fn, result)
  if (failure !== undefined) {
    if (readTestOptions(options).annotations) annotate(fn.name, failure)
    throw failure
  }
  warnOf(result)
}

/**
 * The very object that `make` gives must become unreachable.
 * @param {() => unknown} make sync or async
 * @param {{budget?: number}} [options]
 * @throws ERR_TIDEMARK_LEAK with the path that holds it, what `make` throws
 */
async function assertCollected (make, options) {
  mustBeFunction(make)
  const { budget } = readTestOptions(options)
  const { collected, what, holder } = await alone(() => isCollected(binding, make, { budget }))
  if (collected) return
  throw createError('ERR_TIDEMARK_LEAK', [make.name, `gives an object that stays reachable: the ${what} is held by ${holder ?? 'something that was not found'}`])
}

/** What a block leaves behind: `await using leaks = trackLeaks()`. @param {object} [options] see test.d.ts */
function trackLeaks (options) {
  return new LeakTracker(binding, readTrackOptions(options))
}

module.exports = {
  assertCollected,
  assertNoLeak,
  assertServerNoLeak,
  ignoreLeaks,
  measureLeak,
  measureServerLeak,
  selfCheck: () => selfCheck(binding),
  trackLeaks
}
