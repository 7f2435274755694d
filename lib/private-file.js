'use strict'

const { constants } = require('node:fs')
const fs = require('node:fs/promises')
const { threadId } = require('node:worker_threads')

/** Without following a link, and without waiting for what is no file. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

let written = 0

/**
 * The file is whole or as it was, and only its owner may read it, also where an older one let everybody.
 * A symbolic link stays one; what is no file, such as /dev/stdout, is written to.
 * @param {string} wanted
 * @param {string | Buffer} text
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

/**
 * A file of this user, and nothing else.
 * @param {string} file
 * @param {number} mostBytes of its beginning
 * @returns {Promise<{text: string, modifiedMs: number} | undefined>} undefined where there is none
 */
async function readPrivately (file, mostBytes) {
  let handle
  try {
    handle = await fs.open(file, READ)
    const stat = await handle.stat()
    if (!stat.isFile()) throw new Error(`'${file}' is not a file`)
    if (!isOurs(stat)) throw new Error(`'${file}' belongs to user ${stat.uid}`)
    const length = Math.max(1, Math.min(stat.size, mostBytes))
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0)
    return { text: buffer.toString('utf8', 0, bytesRead), modifiedMs: stat.mtimeMs }
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    if (error.code === 'ELOOP') throw new Error(`'${file}' is a symbolic link`, { cause: error })
    throw error
  } finally {
    await handle?.close()
  }
}

/**
 * Makes the last part of a folder's path where it is missing.
 * @param {string} folder absolute
 * @throws where others could give us files that are not ours
 */
async function checkFolder (folder) {
  await fs.mkdir(folder, { mode: 0o700 }).catch((error) => { if (error.code !== 'EEXIST') throw error })
  const stat = await fs.lstat(folder)
  if (stat.isSymbolicLink()) throw new Error('it is a symbolic link')
  if (!stat.isDirectory()) throw new Error('it is not a folder')
  if (!isOurs(stat) && stat.uid !== 0) throw new Error('it belongs to another user')
  await fs.access(folder, constants.W_OK | constants.X_OK)
}

function isOurs (stat) {
  return process.geteuid === undefined || stat.uid === process.geteuid()
}

/** Of a full disk Node.js says no path. */
function named (error, file) {
  if (!error.message.includes(file)) error.message += ` '${file}'`
  return error
}

module.exports = { checkFolder, isOurs, readPrivately, replacePrivately, writePrivately }
