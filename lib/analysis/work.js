'use strict'

const { createError } = require('../errors')

/** How often progress is told, in milliseconds. */
const TELL_MS = 100

/** The kinds of fault that an analysis ends with, by the native side's codes. */
const FAULTS = {
  ERR_TIDEMARK_SNAPSHOT_SYNTAX: ['ERR_TIDEMARK_SNAPSHOT_INVALID', 'syntax'],
  ERR_TIDEMARK_SNAPSHOT_TRUNCATED: ['ERR_TIDEMARK_SNAPSHOT_INVALID', 'truncated'],
  ERR_TIDEMARK_SNAPSHOT_LAYOUT: ['ERR_TIDEMARK_SNAPSHOT_INVALID', 'layout'],
  ERR_TIDEMARK_SNAPSHOT_COUNTS: ['ERR_TIDEMARK_SNAPSHOT_INVALID', 'counts'],
  ERR_TIDEMARK_SNAPSHOT_RANGE: ['ERR_TIDEMARK_SNAPSHOT_INVALID', 'range'],
  ERR_TIDEMARK_SNAPSHOT_TOO_LARGE: ['ERR_TIDEMARK_SNAPSHOT_TOO_LARGE', 'too-large'],
  ERR_TIDEMARK_SNAPSHOT_DENSE: ['ERR_TIDEMARK_SNAPSHOT_INVALID', 'dense'],
  ERR_TIDEMARK_SNAPSHOT_FILE: ['ERR_TIDEMARK_SNAPSHOT_UNREADABLE', 'file'],
  ERR_TIDEMARK_SNAPSHOT_IO: ['ERR_TIDEMARK_SNAPSHOT_UNREADABLE', 'io'],
  ERR_TIDEMARK_SNAPSHOT_NOT_FOUND: ['ERR_TIDEMARK_SNAPSHOT_NOT_FOUND', 'not-found'],
  ERR_TIDEMARK_CANCELLED: ['ERR_TIDEMARK_CANCELLED', 'cancelled']
}

/** Work that is under way. Node waits for it when it exits, so an exit cancels it. */
const running = new Set()

/**
 * Runs one job of the native side off the event loop.
 * @param {typeof import('../../binding')} binding
 * @param {{signal?: AbortSignal, onProgress?: (progress: {phase: string, done: number, total: number}) => void}} options
 * @param {(work: import('../../binding').SnapshotWork) => Promise<any>} start what begins it
 * @throws what the native side finds, the signal's reason, or what `onProgress` threw
 */
async function runWork (binding, { signal, onProgress }, start) {
  signal?.throwIfAborted()
  const work = new binding.SnapshotWork()
  const cancel = () => work.cancel()
  let thrown
  const tell = () => {
    const progress = work.progress()
    if (progress === null || thrown !== undefined) return
    try {
      onProgress?.(progress)
    } catch (error) {
      thrown = { error }
      cancel()
    }
  }
  const timer = onProgress && setInterval(tell, TELL_MS).unref?.()
  signal?.addEventListener('abort', cancel)
  begin(work)
  try {
    const result = await start(work)
    if (thrown !== undefined) throw thrown.error
    // Also where the work was done before it heard of it: nobody waits for the result.
    if (signal?.aborted) result.release?.()
    signal?.throwIfAborted()
    return resultOf(result)
  } finally {
    end(work)
    signal?.removeEventListener('abort', cancel)
    clearInterval(timer)
  }
}

/** @returns {any} the result, JSON parsed. @throws where it is a fault */
function resultOf (answer) {
  if (isFault(answer)) throw errorOf(answer)
  return typeof answer === 'string' ? JSON.parse(answer) : answer
}

function isFault (result) {
  return typeof result?.fault === 'string'
}

function errorOf ({ fault, message, offset }) {
  const [code, reason] = FAULTS[fault] ?? ['ERR_TIDEMARK_INTERNAL', 'internal']
  const error = createError(code, [message])
  error.reason = reason
  if (typeof offset === 'number') error.offset = offset
  return error
}

function begin (work) {
  if (running.size === 0) process.once('exit', cancelAll)
  running.add(work)
}

function end (work) {
  running.delete(work)
  if (running.size === 0) process.off('exit', cancelAll)
}

function cancelAll () {
  for (const work of running) work.cancel()
}

module.exports = { resultOf, runWork }
