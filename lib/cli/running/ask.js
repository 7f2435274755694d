'use strict'

const { performance } = require('node:perf_hooks')
const { setTimeout: wait } = require('node:timers/promises')
const { readProcess } = require('./proc')
const { prove } = require('./proof')
const { RequestFile } = require('./request-file')

const LOOK_MS = 100

/** A process that has not taken the request by then does not know of it, or does not get to it. */
const TAKE_MS = 10000

/** The process itself keeps to the time that it was given; taking out what strings say comes on top. */
const GRACE_MS = 5000

/**
 * Asks a process that has tidemark for a snapshot, and waits for the answer.
 * @param {{pid: number, signal: string, running: ReturnType<typeof import('./proof').prove>, request: {path?: string, redact: boolean, timeoutMs: number}}} question
 *   running: what was proved of it
 * @param {{abort: AbortSignal, tell: (doing: string) => void}} how tell: what it waits for
 * @returns {Promise<Record<string, any>>} what `writeHeapSnapshot` gives, or `{error}`
 * @throws a sentence, where there is no answer
 */
async function ask ({ pid, signal, running, request }, { abort, tell }) {
  const file = await RequestFile.create(pid, running, request)
  try {
    abort.throwIfAborted()
    // It may have changed meanwhile, or another have its number.
    if (prove(pid, signal).startedAt !== running.startedAt) throw new Error(ended(pid))
    process.kill(pid, signal)
    return await hear(file, { pid, signal, running, timeoutMs: request.timeoutMs }, { abort, tell })
  } finally {
    await file.remove()
  }
}

async function hear (file, { pid, signal, running, timeoutMs }, { abort, tell }) {
  const sentAt = performance.now()
  const takeMs = Math.min(TAKE_MS, timeoutMs)
  for (;;) {
    // In this order: one that answers and ends has answered.
    const alive = isAlive(pid, running)
    const answer = await file.answer()
    if (answer !== undefined) return validated(answer, pid)
    if (!alive) throw new Error(`${ended(pid)} There is no snapshot.`)
    const elapsed = performance.now() - sentAt
    const taken = await file.isTaken()
    if (!taken && elapsed > takeMs) throw new Error(notTaken(pid, signal, takeMs))
    if (elapsed > timeoutMs + GRACE_MS) {
      throw new Error(`Process ${pid} has not answered within ${timeoutMs / 1000} s. It may still be writing; give it more with --timeout SECONDS.`)
    }
    tell(taken ? 'is writing' : 'was asked')
    await wait(LOOK_MS, undefined, { signal: abort })
  }
}

function isAlive (pid, { startedAt }) {
  const now = readProcess(pid)
  return now !== undefined && now.startedAt === startedAt && now.state !== 'Z' && now.state !== 'X'
}

/** It comes from another process, which may be anything in a container. */
function validated (text, pid) {
  const answer = parsed(text)
  const { path, bytes, pauseMs, durationMs, error } = answer ?? {}
  const told = typeof error?.message === 'string' ||
    (typeof path === 'string' && path.startsWith('/') && [bytes, pauseMs, durationMs].every(Number.isFinite))
  if (!told) throw new Error(`What process ${pid} answered makes no sense.`)
  return answer
}

function parsed (text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function ended (pid) {
  return `Process ${pid} has ended meanwhile.`
}

function notTaken (pid, signal, takeMs) {
  return `Process ${pid} has not taken the request within ${takeMs / 1000} s: something other than tidemark catches ${signal} there, ` +
    'its tidemark is older than this command, or JavaScript keeps it busy. ' +
    `In the first case start the app with \`tidemark.start({ signal: '${signal}' })\`; ` +
    'in the others it writes a redacted snapshot into its current folder without a word.'
}

module.exports = { ask }
