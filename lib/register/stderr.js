'use strict'

const { writeSync } = require('node:fs')
const { isMainThread } = require('node:worker_threads')

/** How often a write to a full pipe is tried again, a millisecond apart. */
const TRIES = 20

let ends = false

/**
 * Who replaced `process.stderr.write`, as PM2's cluster mode does, wants the lines there: descriptor 2 is
 * then a file that nobody looks at. What he does with them may be lost when the process dies.
 * @param {string} line without a line break
 */
function writeLine (line) {
  if (ends || !isReplaced(process.env)) return writeAtOnce(line)
  try {
    process.stderr.write(`${line}\n`)
  } catch {
    writeAtOnce(line)
  }
}

process.once('exit', () => { ends = true })

/** A worker thread cannot see what the main thread replaced, but whether it was PM2. */
/** @param {Record<string, string | undefined>} env */
function isReplaced ({ exec_mode: mode, pm_id: id }) {
  return isMainThread ? Object.hasOwn(process.stderr, 'write') : mode === 'cluster_mode' && id !== undefined
}

/**
 * Writes a line to stderr at once, so that it is there when the process crashes in the next moment;
 * in a worker thread too, where `process.stderr` waits for the main thread. Never throws: a log that
 * nobody reads is no reason to harm the app.
 * @param {string} line without a line break
 */
function writeAtOnce (line) {
  const data = Buffer.from(`${line}\n`)
  let written = 0
  let tries = 0
  while (written < data.length && tries < TRIES) {
    try {
      written += writeSync(2, data, written)
    } catch (error) {
      if (error?.code !== 'EAGAIN') return
      tries++
      sleep(1)
    }
  }
}

function sleep (ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

module.exports = { writeLine }
