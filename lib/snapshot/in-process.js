'use strict'

const { writeSync } = require('node:fs')
const { performance } = require('node:perf_hooks')
const { createError } = require('../errors')
const { SnapshotFile } = require('./file')
const { readThisHeap } = require('./this-heap')

/** Bytes that are written at a time. */
const PIECE = 1 << 16

/** V8's own way: this thread stands still until the snapshot is written. */
async function captureInProcess ({ binding, folder, options, finish }) {
  const file = await SnapshotFile.create(folder, binding.nameFile)
  try {
    options.signal?.throwIfAborted()
    const startedAt = performance.now()
    const writer = options.redact ? new RedactingWriter(file.descriptor, new binding.SnapshotRedactor()) : new Writer(file.descriptor)
    readThisHeap((chunk) => writer.take(chunk))
    writer.end()
    const pauseMs = performance.now() - startedAt
    return { method: 'in-process', pauseMs, ...await finish(file) }
  } catch (error) {
    await file.discard()
    if (options.signal?.aborted || error.code?.startsWith('ERR_TIDEMARK')) throw error
    throw createError('ERR_TIDEMARK_SNAPSHOT_FAILED', ['write', error.message], { cause: error })
  }
}

/** Keeps what goes wrong for the end: V8 stops for nobody. */
class Writer {
  #descriptor
  #error

  constructor (descriptor) {
    this.#descriptor = descriptor
  }

  take (chunk) {
    if (this.#error !== undefined) return
    try {
      this.write(chunk)
    } catch (error) {
      this.#error = error
    }
  }

  write (bytes) {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at)
  }

  end () {
    if (this.#error !== undefined) throw this.#error
  }
}

/** What strings say is taken out on the way: not a byte of it is in the file at any time. */
class RedactingWriter extends Writer {
  #redactor
  #piece = Buffer.alloc(PIECE)

  constructor (descriptor, redactor) {
    super(descriptor)
    this.#redactor = redactor
  }

  write (bytes) {
    this.#redactor.feed(bytes)
    for (;;) {
      const count = this.#redactor.read(this.#piece)
      if (count === 0) return
      super.write(this.#piece.subarray(0, count))
    }
  }

  end () {
    super.end()
    const fault = this.#redactor.finish()
    if (fault !== null) throw createError('ERR_TIDEMARK_SNAPSHOT_FAILED', ['redact', fault.message])
  }
}

module.exports = { captureInProcess }
