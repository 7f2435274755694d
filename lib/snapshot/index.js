'use strict'

const { channel: diagnosticsChannel } = require('node:diagnostics_channel')
const os = require('node:os')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { createError } = require('../errors')
const { MEMORY_LIMIT, readOptions, oneOf, integer, boolean, abortSignal, optional } = require('../options')
const { checkFolder, targetOf } = require('./file')
const { captureByFork, forkObstacle } = require('./fork')
const { checkDisk, checkMemory, isInMemory } = require('./guard')
const { captureInProcess } = require('./in-process')

const OPTIONS = {
  method: { default: 'fork', check: oneOf('fork', 'in-process', 'auto') },
  timeoutMs: { default: 600000, check: integer(1000, 86400000) },
  signal: { default: undefined, check: optional(abortSignal()) },
  memoryLimit: MEMORY_LIMIT,
  force: { default: false, check: boolean() },
  redact: { default: false, check: boolean() }
}

/** Why a capture by fork did not come about, where another way may. */
const WORTH_ANOTHER_WAY = ['workers-busy', 'fork']

const diagnostics = diagnosticsChannel('tidemark:snapshot')

/** A thread takes one at a time: two would need the memory twice. */
let busy = false

/**
 * As node-heapdump's `writeSnapshot`, and as a promise: `write([path], [options], [callback])`.
 *
 * @param {object} binding the native module, or a fake of it in tests
 * @param {any[]} args
 * @returns {Promise<object> | undefined} undefined where there is a callback `(error, path, result)`
 */
function writeHeapSnapshot (binding, args) {
  const callback = typeof args.at(-1) === 'function' ? args.at(-1) : undefined
  // As with Node's own: wrong arguments are a rejection, and are thrown where a callback waits.
  if (callback === undefined) return takeFor(binding, args)
  const { target, options } = readArguments(args.slice(0, -1))
  const promise = announced(take(binding, target, options))
  // Out of the promise, so that what the callback throws is an uncaught exception, as from any other.
  promise.then(
    (result) => process.nextTick(callback, null, result.path, result),
    (error) => process.nextTick(callback, error))
}

async function takeFor (binding, args) {
  const { target, options } = readArguments(args)
  return announced(take(binding, target, options))
}

function readArguments (args) {
  const rest = [...args]
  const target = typeof rest[0] === 'string' || rest[0] === undefined ? rest.shift() : undefined
  const options = readOptions(rest.shift(), OPTIONS)
  const [surplus] = rest
  if (surplus !== undefined) throw createError('ERR_TIDEMARK_OPTION', ['callback', 'a function', surplus])
  if (target === '' || target?.includes('\0')) throw createError('ERR_TIDEMARK_OPTION', ['path', 'a path', target])
  return { target: path.resolve(target ?? defaultName()), options }
}

/** As node-heapdump names them: seconds and microseconds. */
function defaultName () {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000)
  return `heapdump-${Math.floor(microseconds / 1e6)}.${microseconds % 1e6}.heapsnapshot`
}

async function announced (promise) {
  const result = await promise
  if (diagnostics.hasSubscribers) diagnostics.publish(result)
  return result
}

/**
 * Takes one for tidemark itself: nobody is told.
 * @param {object} binding
 * @param {string} target absolute
 * @param {object} given options of `writeHeapSnapshot`
 * @param {{ref?: boolean}} [how] ref: whether it keeps the process alive until it is done
 */
function takeSnapshot (binding, target, given, how) {
  return take(binding, target, readOptions(given, OPTIONS), how)
}

/**
 * A snapshot for tidemark's own eyes, captured by fork. Its file never has a name, or loses it at once, so that
 * nobody else opens it, and no partial file stays however the process ends.
 * @param {object} binding
 * @param {{memoryLimit?: number, signal?: AbortSignal, timeoutMs?: number}} given options of `writeHeapSnapshot`
 * @returns {Promise<{path: string, bytes: number, pauseMs: number, close: () => Promise<void>}>}
 */
function captureNameless (binding, given) {
  const options = readOptions({ ...given, method: 'fork' }, OPTIONS)
  return exclusively(async () => {
    const folder = os.tmpdir()
    await checkFolder(folder)
    return capture(orderOf(binding, folder, options, { ref: false, finish: keepNameless }))
  })
}

async function keepNameless (file) {
  const { handle, bytes } = await file.keepNameless()
  return { path: `/proc/self/fd/${handle.fd}`, bytes, close: () => handle.close() }
}

function take (binding, target, options, { ref = true } = {}) {
  return exclusively(() => write(binding, target, options, ref))
}

async function exclusively (work) {
  if (busy) throw createError('ERR_TIDEMARK_SNAPSHOT_REFUSED', ['busy', 'another one is being taken. Wait for it'])
  busy = true
  try {
    return await work()
  } finally {
    busy = false
  }
}

async function write (binding, wanted, options, ref) {
  const startedAt = performance.now()
  options.signal?.throwIfAborted()
  const target = await targetOf(wanted)
  const finish = async (file) => ({ bytes: await file.commit(target) })
  const taken = await capture(orderOf(binding, path.dirname(target), options, { ref, finish }))
  return { path: target, ...taken, durationMs: performance.now() - startedAt }
}

/** What a way of capturing gets; finish: what becomes of the file when it is complete. */
function orderOf (binding, folder, options, { ref, finish }) {
  return { binding, folder, options, ref, finish, deadline: performance.now() + options.timeoutMs }
}

/** The in-process way stops the process for seconds or minutes: only where the caller asked for it. */
async function capture (order) {
  const { binding, options } = order
  const { method } = options
  if (method === 'in-process') return captureBy(captureInProcess, order)
  const obstacle = forkObstacle(binding, options)
  if (obstacle === undefined) {
    try {
      return await captureBy(captureByFork, order)
    } catch (error) {
      if (method === 'fork' || !WORTH_ANOTHER_WAY.includes(error.reason)) throw error
    }
  } else if (method === 'fork') {
    throw obstacle
  }
  return captureBy(captureInProcess, order)
}

async function captureBy (way, order) {
  const { binding, folder, options } = order
  const memory = checkMemory(binding, options, { forks: way === captureByFork, parses: options.redact, fileInMemory: await isInMemory(folder) })
  await checkDisk(folder, memory.fileSize)
  options.signal?.throwIfAborted()
  return way({ ...order, memory })
}

module.exports = { writeHeapSnapshot, takeSnapshot, captureNameless, defaultName }
