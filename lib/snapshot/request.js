'use strict'

const { randomBytes } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { readOptions, boolean, integer, optional } = require('../options')

/** What may be in a request; the path is one in the eyes of this process. */
const OPTIONS = {
  path: { default: undefined, check: optional(absolutePath()) },
  redact: { default: true, check: boolean() },
  force: { default: false, check: boolean() },
  timeoutMs: { default: undefined, check: optional(integer(1000, 86400000)) }
}

/** Not `os.tmpdir()`, which the environment moves: both sides must come to the same. */
const FOLDER = '/tmp'
const LARGEST = 16384

/** An older one is of a command that was killed before its signal came. */
const FRESH_MS = 60000

/** Not blocking: a FIFO would be waited for. */
const FLAGS = fs.constants.O_RDWR | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK

/**
 * One that nobody can guess: another user who took it before would be in the way.
 * @param {number} pid as the process itself knows it
 */
function requestName (pid) {
  return `tidemark-request-${pid}-${randomBytes(8).toString('hex')}.json`
}

/** Whether a file is called like a request to this process. */
function isRequestName (name, pid) {
  return name.startsWith(`tidemark-request-${pid}-`) && name.endsWith('.json')
}

/**
 * What `tidemark snapshot --pid` wants to be done when its signal comes. It leaves a file in /tmp, whose
 * first line is the request and whose second becomes the answer. From here on that has no name.
 *
 * Everybody may write to /tmp. So a request counts only where the file belongs to the user that this
 * process acts as, who could read and change the process anyway (root gives its files to that user),
 * and nobody else can have written it. What does not count is left alone, and what counts is found beside
 * it; without any, the signal means what it means without. The answer goes into the file that was
 * checked, and nowhere else.
 *
 * @typedef {{path?: string, redact: boolean, force: boolean, timeoutMs?: number, answer: (answer: object) => void}} Request
 *
 * @returns {Promise<Request | undefined>}
 */
async function takeRequest () {
  if (process.platform !== 'linux') return undefined
  try {
    // The folder may be large, and the app goes on.
    for await (const { name } of await fs.promises.opendir(FOLDER)) {
      const request = isRequestName(name, process.pid) ? takeFile(path.join(FOLDER, name)) : undefined
      if (request !== undefined) return request
    }
  } catch {
    // No /tmp, or none that may be read: nobody can have left a request there.
  }
  return undefined
}

/** @returns {Request | undefined} undefined where it does not count, or another signal has it */
function takeFile (name) {
  let descriptor
  try {
    descriptor = fs.openSync(name, FLAGS)
    const { request, size } = read(descriptor)
    // Whoever removes it has it: of two signals one.
    fs.unlinkSync(name)
    return { ...request, answer: (answer) => write(descriptor, size, answer) }
  } catch {
    if (descriptor !== undefined) fs.closeSync(descriptor)
    return undefined
  }
}

/** @returns {{request: Omit<Request, 'answer'>, size: number}} @throws where it does not count, or is not of the form */
function read (descriptor) {
  const stat = fs.fstatSync(descriptor)
  if (!counts(stat)) throw new Error('It does not count.')
  const bytes = Buffer.alloc(stat.size)
  fs.readSync(descriptor, bytes, 0, stat.size, 0)
  const request = /** @type {Omit<Request, 'answer'>} */ (readOptions(JSON.parse(bytes.toString()), OPTIONS))
  return { request, size: stat.size }
}

/** Its age by the time of change, since that of writing can be set. */
function counts (stat) {
  return stat.isFile() && stat.nlink === 1 && stat.uid === process.geteuid?.() && (stat.mode & 0o022) === 0 &&
    stat.size <= LARGEST && Math.abs(Date.now() - stat.ctimeMs) < FRESH_MS
}

/** Once. Whether anybody reads it is none of the app's concern. */
function write (descriptor, position, answer) {
  try {
    fs.writeSync(descriptor, `${JSON.stringify(answer)}\n`, position)
  } catch {} finally {
    fs.closeSync(descriptor)
  }
}

function absolutePath () {
  return (value) => typeof value === 'string' && value.startsWith('/') && !value.includes('\0') ? undefined : 'an absolute path'
}

module.exports = { takeRequest, requestName, isRequestName, FOLDER, FRESH_MS }
