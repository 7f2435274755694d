'use strict'

const { closeSync, openSync } = require('node:fs')
const { createError } = require('./errors')

/** As `node:os` has it, which is loaded for nothing else. */
const DEV_NULL = process.platform === 'win32' ? '\\\\.\\nul' : '/dev/null'

/**
 * One descriptor that is kept open while a monitor runs, for the moment in which the process has no more:
 * an app that leaks descriptors is one that evidence has to be loaded in.
 */
let spare

/** How many monitors hold it: one at most for each thread, and this file is loaded once a thread. */
let holders = 0

function hold () {
  holders++
  open()
}

function letGo () {
  holders--
  if (holders === 0) close()
}

/**
 * Does what needs one descriptor at a time, such as loading files. Gives the spare one up for it where there is no other.
 * @template T
 * @param {() => T} work is done again from the beginning
 * @returns {T}
 */
function withSpare (work) {
  try {
    return work()
  } catch (error) {
    if (!isOutOfDescriptors(error) || spare === undefined) throw error
  }
  close()
  try {
    return work()
  } finally {
    open()
  }
}

/**
 * What not every process needs is loaded with its first use. That may come when the app has leaked all descriptors.
 * @template T @param {() => T} load @returns {() => T}
 */
function lazily (load) {
  let loaded
  return () => (loaded ??= withSpare(load))
}

/**
 * Node.js 26 tells it of a package.json with a code of its own, and the reason in words only (libuv's, for EMFILE and ENFILE).
 * @param {unknown} error
 */
function isOutOfDescriptors (error) {
  if (!(error instanceof Error)) return false
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
  return code === 'EMFILE' || code === 'ENFILE' ||
    (code === 'ERR_INVALID_PACKAGE_CONFIG' && /: (?:too many open files|file table overflow)/.test(message))
}

/**
 * Runs what opens files. Where the process has no descriptor left it is refused in words.
 * @template T @param {() => T} work @returns {T}
 */
function refusingWithout (work) {
  try {
    return work()
  } catch (cause) {
    throw isOutOfDescriptors(cause) ? noDescriptors(cause) : cause
  }
}

/**
 * As `refusingWithout`, and with the spare descriptor where there is no other.
 * @template T @param {() => T} work is done again from the beginning
 * @returns {T}
 */
function withDescriptors (work) {
  return refusingWithout(() => withSpare(work))
}

function noDescriptors (cause) {
  return createError('ERR_TIDEMARK_SNAPSHOT_REFUSED',
    ['descriptors', `no file can be opened: ${cause.message}. Close files, or let the process have more of them (ulimit -n)`], { cause })
}

function open () {
  try {
    spare ??= openSync(DEV_NULL, 'r')
  } catch {
    // There is none to spare, or the permission model forbids it: then it is as it would be without.
  }
}

function close () {
  if (spare === undefined) return
  const descriptor = spare
  spare = undefined
  closeSync(descriptor)
}

module.exports = { hold, isOutOfDescriptors, lazily, letGo, noDescriptors, refusingWithout, withDescriptors, withSpare }
