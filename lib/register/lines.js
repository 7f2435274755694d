'use strict'

const { threadId } = require('node:worker_threads')
const { bytes, rate } = require('../format')
const { plain, plainJson } = require('../plain')

/** What each event says in a line of text. */
const SENTENCES = {
  leak: ({ message }) => message,
  'leak-evidence': ({ message }) => message,
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

/**
 * '2026-01-01T03:00:00.000Z tidemark[4711 thread 2] leak: The JavaScript heap leaks: ...'. The
 * process and the thread are named since cluster workers and worker threads share one stderr.
 */
function textLine (event, payload) {
  const who = threadId === 0 ? process.pid : `${process.pid} thread ${threadId}`
  return `${timeOf(payload).toISOString()} tidemark[${who}] ${event}: ${plain(SENTENCES[event](payload))}`
}

/** One JSON object: the event's name, the time, and the whole payload. */
function jsonLine (event, payload) {
  return plainJson({ event, time: timeOf(payload), pid: process.pid, threadId, ...payload })
}

function timeOf ({ time }) {
  return time ?? new Date()
}

module.exports = { textLine, jsonLine }
