'use strict'

const { threadId, threadName } = require('node:worker_threads')
const { bytes, rate } = require('../format')
const { plain, plainJson } = require('../plain')

/** What each event says in a line of text. */
const SENTENCES = {
  leak: withReport,
  'leak-evidence': withReport,
  recovered: ({ message }) => message,
  critical: ({ message }) => message,
  'previous-run': ({ message }) => message,
  stats: ({ usedHeapSize, growthRate, state, durationMs }) =>
    `heap ${bytes(usedHeapSize)} after a full GC of ${durationMs.toFixed(1)} ms, ${state}` +
    `${growthRate === undefined || growthRate === null ? '' : `, ${rate(growthRate)}`}`,
  gc: ({ kind, usedHeapSize, durationMs }) => `${kind}, ${durationMs.toFixed(1)} ms, heap ${bytes(usedHeapSize)} after it`,
  error: ({ code, message }) => `${code}: ${message.split('\n').map((line) => line.trim()).join(' ')}`,
  warning: ({ message }) => message
}

function withReport ({ message, report }) {
  return typeof report === 'string' ? `${message} Report: ${report}` : message
}

/** What the app called its Worker, from Node.js 22.20 and 24.6 on; undefined for the main thread, and where it has no name. */
const name = threadId === 0 || !threadName || threadName === 'WorkerThread' ? undefined : plain(threadName).slice(0, 60)
const thread = threadId === 0 ? '' : ` thread ${threadId}${name === undefined ? '' : ` '${name}'`}`

/**
 * '2026-01-01T03:00:00.000Z tidemark[4711 thread 2 'mails'] leak: The JavaScript heap leaks: ...'. The
 * process and the thread are named since cluster workers and worker threads share one stderr.
 */
function textLine (event, payload) {
  const time = event === 'previous-run' ? new Date() : timeOf(payload)
  return `${time.toISOString()} tidemark[${process.pid}${thread}] ${event}: ${plain(SENTENCES[event](payload))}`
}

/** One JSON object: the event's name, the time, and the whole payload. */
function jsonLine (event, payload) {
  // What is said of another process must not look like this one.
  const said = event === 'previous-run' ? { message: payload.message, previous: payload } : payload
  return plainJson({ event, time: timeOf(said), pid: process.pid, threadId, threadName: name, ...said })
}

function timeOf ({ time }) {
  return time ?? new Date()
}

module.exports = { textLine, jsonLine }
