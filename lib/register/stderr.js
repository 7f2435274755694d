'use strict'

const { writeSync } = require('node:fs')

/** A pipe that is full is tried again so often, a millisecond apart. */
const TRIES = 20

/**
 * Writes a line to stderr at once, so that it is there when the process crashes in the next moment;
 * in a worker thread too, where `process.stderr` waits for the main thread. Never throws: a log that
 * nobody reads is no reason to harm the app.
 * @param {string} line without a line break
 */
function writeLine (line) {
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
