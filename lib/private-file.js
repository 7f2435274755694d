'use strict'

const fs = require('node:fs/promises')
const { threadId } = require('node:worker_threads')

let written = 0

/**
 * The file is whole or as it was, and only its owner may read it, also where an older one let everybody.
 * A symbolic link stays one; what is no file, such as /dev/stdout, is written to.
 * @param {string} wanted
 * @param {string} text
 */
async function writePrivately (wanted, text) {
  const file = await fs.realpath(wanted).catch(() => wanted)
  const stat = await fs.stat(file).catch(() => undefined)
  if (stat !== undefined && !stat.isFile()) return fs.writeFile(file, text).catch((error) => { throw named(error, wanted) })
  return replace(file, text).catch((error) => { throw named(error, wanted) })
}

/**
 * As `writePrivately`, in a folder where others may have put links: what is there of that name is replaced, whatever it is.
 * @param {string} file
 * @param {string} text
 */
async function replacePrivately (file, text) {
  return replace(file, text).catch((error) => { throw named(error, file) })
}

async function replace (file, text) {
  const temporary = `${file}.${process.pid}-${threadId}-${++written}.tmp`
  try {
    await fs.writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
    await fs.rename(temporary, file)
  } catch (error) {
    await fs.rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/** Of a full disk Node.js says no path. */
function named (error, file) {
  if (!error.message.includes(file)) error.message += ` '${file}'`
  return error
}

module.exports = { replacePrivately, writePrivately }
