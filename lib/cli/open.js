'use strict'

const fs = require('node:fs/promises')
const path = require('node:path')
const { readHeapSnapshot } = require('../analysis')

/** How a gzip file begins. */
const GZIP = Buffer.from([0x1f, 0x8b])

/**
 * Opens the files of a command one after the other; an error names the file.
 * @param {{binding: typeof import('../../binding'), files: string[], work: (what: string) => object}} context as commands get it
 * @returns {Promise<InstanceType<typeof import('../analysis').HeapSnapshot>[]>}
 */
async function openAll ({ binding, files, work }) {
  const snapshots = []
  for (const file of files) {
    try {
      snapshots.push(await readHeapSnapshot(binding, file, work(path.basename(file))))
    } catch (error) {
      throw await named(error, file)
    }
  }
  return snapshots
}

/** What makes no sense in a file as an error that names the file, and says where it is merely packed. */
async function named (error, file) {
  if (!error.code?.startsWith('ERR_TIDEMARK_SNAPSHOT_') || error.message.includes(file)) return error
  const packed = error.offset === 0 && await isGzip(file)
  error.message = `${file}: ${packed ? 'This is gzip: unpack it first.' : error.message}`
  return error
}

async function isGzip (file) {
  const handle = await fs.open(file)
  try {
    const { buffer } = await handle.read(Buffer.alloc(GZIP.length), 0, GZIP.length, 0)
    return GZIP.equals(buffer)
  } finally {
    await handle.close()
  }
}

module.exports = { openAll, named }
