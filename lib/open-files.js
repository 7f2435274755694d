'use strict'

const { readdirSync, statSync } = require('node:fs')
const { isOutOfDescriptors, withSpare } = require('./spare-descriptor')

const FOLDER = '/proc/self/fd'

/** How many there were last: where none is left to look with, there are not fewer. */
let last

/** Handles that libuv has a descriptor for, and that are counted by their own type. */
const HAS_DESCRIPTOR = /^(?:TCP|Pipe|TTY|UDP)/i

/**
 * How many files are open: descriptors that no active handle accounts for. Node.js does not count them
 * among its resources, and one that is never closed is a leak that ends in EMFILE.
 *
 * They belong to the process, so they are counted on the main thread.
 *
 * @param {Record<string, number>} handles by type
 * @returns {number | undefined} undefined where nobody says
 */
function countOpenFiles (handles) {
  if (process.platform !== 'linux' || !require('node:worker_threads').isMainThread) return undefined
  try {
    // Linux 6.2 on tells the number as the folder's size, at the price of one call.
    const descriptors = statSync(FOLDER).size || withSpare(() => readdirSync(FOLDER).length)
    last = Object.entries(handles)
      .filter(([type]) => HAS_DESCRIPTOR.test(type))
      .reduce((left, [, count]) => Math.max(0, left - count), descriptors)
    return last
  } catch (error) {
    return isOutOfDescriptors(error) ? last : undefined
  }
}

module.exports = { countOpenFiles }
