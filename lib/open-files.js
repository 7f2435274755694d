'use strict'

const { readdirSync, readlinkSync, statSync } = require('node:fs')
const path = require('node:path')
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
  if (process.platform !== 'linux' || !isFirstThread()) return undefined
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

/** Descriptors that are asked for their files, at some 5 us each. */
const MOST_LINKS = 2000

/**
 * The folder in which most open files are.
 * @returns {{folder: string, count: number, of: number} | undefined} of those that were looked at, the newest; undefined
 *   where nobody says
 */
function crowdedFolder () {
  if (process.platform !== 'linux' || !isFirstThread()) return undefined
  const counts = new Map()
  let of = 0
  for (const [, file] of openFiles(MOST_LINKS)) {
    const folder = path.dirname(file)
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
    of++
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one)
  return most === undefined ? undefined : { folder: most[0], count: most[1], of }
}

/**
 * The names of open files by descriptor, the newest last. Sockets, pipes and the like have no path.
 * @param {number} [most] of the newest
 * @returns {[descriptor: string, file: string][]} none where nobody says
 */
function openFiles (most = Infinity) {
  try {
    return withSpare(() => readdirSync(FOLDER))
      .sort((one, other) => Number(one) - Number(other))
      .slice(-most)
      .map((descriptor) => /** @type {[string, string]} */ ([descriptor, linkOf(descriptor) ?? '']))
      .filter(([, file]) => file.startsWith('/') && !file.startsWith('/dev/') && !file.startsWith('/proc/'))
  } catch {
    return []
  }
}

/** @type {boolean | undefined} */
let first

/** Where /proc tells it without `node:worker_threads`: loading it takes 2 ms and 1.5 MB. */
function isFirstThread () {
  try {
    first ??= /^(\d+)\/task\/\1$/.test(readlinkSync('/proc/thread-self'))
  } catch {
    first = require('node:worker_threads').isMainThread
  }
  return first
}

function linkOf (descriptor) {
  try {
    return readlinkSync(path.join(FOLDER, descriptor))
  } catch {
    return undefined // it was closed
  }
}

module.exports = { countOpenFiles, crowdedFolder, isFirstThread, openFiles }
