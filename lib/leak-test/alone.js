'use strict'

const { createError } = require('../errors')

/** Shared by all copies of this module in the process's isolate: a runner loads one for each file. */
const RUNNING = Symbol.for('tidemark.leak-test.running')

/**
 * One test at a time in an isolate: what another one adds meanwhile would be taken for a leak.
 * @returns {() => void} ends it
 * @throws ERR_TIDEMARK_LEAK_TEST_BUSY
 */
function hold () {
  if (process[RUNNING]) throw createError('ERR_TIDEMARK_LEAK_TEST_BUSY')
  Object.defineProperty(process, RUNNING, { value: true, configurable: true })
  return () => { delete process[RUNNING] }
}

/** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
async function alone (work) {
  const letGo = hold()
  try {
    return await work()
  } finally {
    letGo()
  }
}

module.exports = { alone, hold }
