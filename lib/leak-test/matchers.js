'use strict'

const { createError } = require('../errors')
const { annotate } = require('./annotations')
const { runner } = require('./environment')
const { assertCollected, measureLeak } = require('./index')
const { readTestOptions } = require('./options')
const { failureOf } = require('./result')

/**
 * Matchers for Jest and Vitest. Required as a setup file they register themselves; elsewhere they are for `expect.extend()`.
 */

/** Where Vitest keeps its `expect` when it is no global. */
const OF_VITEST = Symbol.for('expect-global')

/**
 * `await expect(fn).not.toLeak(options)`. Where it is undecided, both this and its opposite fail.
 * @this {{isNot?: boolean}}
 * @param {() => unknown} fn
 * @param {object} [options] as of `assertNoLeak`
 */
async function toLeak (fn, options) {
  const result = await measureLeak(fn, options)
  const failure = failureOf(fn, result)
  const pass = result.verdict === 'undecided' ? this.isNot === true : result.verdict === 'leaks'
  if (failure !== undefined && pass === (this.isNot === true) && readTestOptions(options).annotations) annotate(fn.name, failure)
  const message = failure?.message ?? `${named(fn)} ${result.message}`
  return { pass, message: () => message }
}

/**
 * `await expect(() => make()).toBeCollected(options)`
 * @param {() => unknown} make
 * @param {object} [options] as of `assertCollected`
 */
async function toBeCollected (make, options) {
  try {
    await assertCollected(make, options)
    return { pass: true, message: () => `${named(make)} gives an object that was collected, and nothing held it` }
  } catch (error) {
    if (error?.code !== 'ERR_TIDEMARK_LEAK') throw error
    return { pass: false, message: () => error.message }
  }
}

function named ({ name }) {
  return name === '' ? 'The function' : `\`${name}\``
}

/** @throws ERR_TIDEMARK_MATCHERS in a setup file that runs before the runner has made `expect` */
function register () {
  const globals = /** @type {Record<string | symbol, any>} */ (globalThis)
  const expect = [globals.expect, globals[OF_VITEST]].find((each) => typeof each?.extend === 'function')
  const name = runner()
  if (expect === undefined && (name === 'jest' || name === 'vitest')) throw createError('ERR_TIDEMARK_MATCHERS')
  expect?.extend(matchers)
}

const matchers = { toLeak, toBeCollected }

register()

module.exports = { toLeak, toBeCollected }
