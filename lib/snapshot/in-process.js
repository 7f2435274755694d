'use strict'

const { performance } = require('node:perf_hooks')
const v8 = require('node:v8')
const { createError } = require('../errors')
const { SnapshotFile } = require('./file')

/** V8's own way: this thread stands still until the snapshot is written. */
async function captureInProcess ({ target, options, copy }) {
  const file = await SnapshotFile.create(target)
  try {
    options.signal?.throwIfAborted()
    const startedAt = performance.now()
    v8.writeHeapSnapshot(file.name)
    const pauseMs = performance.now() - startedAt
    return { method: 'in-process', pauseMs, bytes: await file.commit(copy) }
  } catch (error) {
    await file.discard()
    if (error.code === undefined || error.code.startsWith('ERR_TIDEMARK') || options.signal?.aborted) throw error
    throw createError('ERR_TIDEMARK_SNAPSHOT_FAILED', ['write', error.message], { cause: error })
  }
}

module.exports = { captureInProcess }
