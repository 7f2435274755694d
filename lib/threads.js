'use strict'

const { statSync } = require('node:fs')
const { isFirstThread } = require('./open-files')

const FOLDER = '/proc/self/task'

/**
 * How many threads the process has: its own, V8's and libuv's, and those of its workers, which Node.js does not count
 * among its resources. A worker that is never ended takes some megabytes that no channel but native memory shows.
 *
 * They belong to the process, so they are counted on the main thread.
 *
 * @returns {number | undefined} undefined where nobody says
 */
function countThreads () {
  if (process.platform !== 'linux' || !isFirstThread()) return undefined
  try {
    // A folder has two links more than folders in it.
    return Math.max(0, statSync(FOLDER).nlink - 2) || undefined
  } catch {
    return undefined
  }
}

module.exports = { countThreads }
