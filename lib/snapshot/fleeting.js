'use strict'

const { rmSync } = require('node:fs')
const fs = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { takeSnapshot } = require('.')

/**
 * A snapshot for tidemark's own eyes, captured by fork. Its file has lost its name again when this
 * answers, so that nobody else can open it and nothing is left of it however the process ends.
 * @param {object} binding
 * @param {{memoryLimit?: number, signal?: AbortSignal, timeoutMs?: number}} options of `writeHeapSnapshot`
 * @returns {Promise<{path: string, bytes: number, pauseMs: number, close: () => Promise<void>}>}
 */
async function captureFleeting (binding, options) {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'tidemark-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  try {
    const taken = await takeSnapshot(binding, path.join(folder, 'leak.heapsnapshot'), { ...options, method: 'fork' }, { ref: false })
    const { bytes, pauseMs } = taken
    const handle = await fs.open(taken.path)
    return { path: `/proc/self/fd/${handle.fd}`, bytes, pauseMs, close: () => handle.close() }
  } finally {
    process.off('exit', remove)
    await fs.rm(folder, { recursive: true, force: true })
  }
}

module.exports = { captureFleeting }
