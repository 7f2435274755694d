'use strict'

const { randomInt } = require('node:crypto')
const { constants, rmSync } = require('node:fs')
const fs = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { createError } = require('../errors')
const { isOutOfDescriptors, noDescriptors } = require('../spare-descriptor')

const HEAD = '{"snapshot":'
const TAIL = ']}'

/** Windows has no such flag. */
const NOFOLLOW = constants.O_NOFOLLOW ?? 0

/** Linux has it, and `fs.constants` lacks it; on most machines it is this bit beside that of a folder. */
const O_TMPFILE = process.platform === 'linux' ? 0o20000000 | constants.O_DIRECTORY : undefined

/** Time since the last write, in milliseconds, after which a partial file is abandoned, even if a process with the pid in its name runs. */
const FORGOTTEN_MS = 86400000

/** Distinguishes containers that share a volume: in each of them the process may be number 1. */
const HOST = os.hostname().replaceAll(/[^\w]/g, '_').slice(0, 64)

/**
 * Bytes that get a name when they are complete, and are gone otherwise. Until then they have none,
 * so that a process that is killed leaves nothing. Where the file system has no files without a name,
 * or /proc is not there to give one, they have one of their own in the same folder until then.
 */
class SnapshotFile {
  #name
  #handle
  /** Gives the file its name; undefined where it has one. */
  #nameLater
  #atExit = () => rmSync(this.#name, { force: true })

  /**
   * @param {string} folder
   * @param {(descriptor: number, name: string) => void} nameLater gives a file without a name one
   * @throws ERR_TIDEMARK_SNAPSHOT_REFUSED where nothing can be written there
   */
  static async create (folder, nameLater) {
    await removeStale(folder)
    const name = temporaryName(folder)
    const nameless = await openNameless(folder)
    if (nameless !== undefined) return new SnapshotFile(name, nameless, nameLater)
    try {
      return new SnapshotFile(name, await fs.open(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NOFOLLOW, 0o600))
    } catch (cause) {
      throw cannotWrite(folder, cause)
    }
  }

  constructor (name, handle, nameLater) {
    this.#name = name
    this.#handle = handle
    this.#nameLater = nameLater
    process.once('exit', this.#atExit)
  }

  get descriptor () {
    return this.#handle.fd
  }

  /**
   * Gives the file the name `target`, in the same folder, if it is complete.
   * @param {string} target as from `targetOf`
   * @returns {Promise<number>} its bytes
   */
  async commit (target) {
    const size = await this.#completeSize()
    try {
      // Else a machine that crashes soon may show the name without the bytes.
      await this.#handle.sync()
      this.#nameLater?.(this.descriptor, this.#name)
      await fs.rename(this.#name, target)
    } catch (cause) {
      throw createError('ERR_TIDEMARK_SNAPSHOT_FAILED', ['write', `'${target}' could not be finished: ${cause.message}`], { cause })
    }
    await this.#forget()
    return size
  }

  /**
   * Leaves the file to the caller, without a name, if it is complete.
   * @returns {Promise<{handle: import('node:fs/promises').FileHandle, bytes: number}>}
   */
  async keepNameless () {
    const bytes = await this.#completeSize()
    await fs.rm(this.#name, { force: true })
    process.off('exit', this.#atExit)
    return { handle: this.#handle, bytes }
  }

  async discard () {
    await fs.rm(this.#name, { force: true }).catch(() => {})
    await this.#forget()
  }

  async #completeSize () {
    const { size } = await this.#handle.stat()
    if (await this.#isComplete(size)) return size
    throw createError('ERR_TIDEMARK_SNAPSHOT_FAILED', ['incomplete', `the ${size} bytes written are not a whole snapshot`])
  }

  async #isComplete (size) {
    if (size < HEAD.length + TAIL.length) return false
    const head = await this.#read(0, HEAD.length)
    const tail = await this.#read(size - 16, 16)
    return head === HEAD && tail.trimEnd().endsWith(TAIL)
  }

  async #read (position, length) {
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(length), 0, length, Math.max(0, position))
    return buffer.toString('latin1', 0, bytesRead)
  }

  async #forget () {
    process.off('exit', this.#atExit)
    await this.#handle.close()
  }
}

/**
 * Where a snapshot may be written: a path that does not exist yet or is a regular file. A symbolic
 * link stays one.
 * @returns {Promise<string>}
 */
async function targetOf (wanted) {
  let target = wanted
  try {
    target = await fs.realpath(wanted)
    if (!(await fs.stat(target)).isFile()) {
      throw createError('ERR_TIDEMARK_SNAPSHOT_REFUSED', ['path', `'${wanted}' is not a regular file. Name another path`])
    }
  } catch (error) {
    if (error.code !== 'ENOENT') throw error.code.startsWith('ERR_TIDEMARK') ? error : cannotWrite(wanted, error)
  }
  await checkFolder(path.dirname(target), wanted)
  return target
}

/** @param {string} [wanted] what is to be written there, for the words */
async function checkFolder (folder, wanted = folder) {
  await fs.access(folder, constants.W_OK | constants.X_OK).catch((cause) => { throw cannotWrite(wanted, cause) })
}

function cannotWrite (target, cause) {
  if (isOutOfDescriptors(cause)) return noDescriptors(cause)
  return createError('ERR_TIDEMARK_SNAPSHOT_REFUSED',
    ['path', `'${target}' cannot be written: ${cause.message}. Name a path in a folder that the process may write to`], { cause })
}

/** @returns {Promise<import('node:fs/promises').FileHandle | undefined>} undefined where files must have names */
async function openNameless (folder) {
  if (O_TMPFILE === undefined) return undefined
  let handle
  try {
    handle = await fs.open(folder, constants.O_RDWR | O_TMPFILE, 0o600)
    // By which it gets its name.
    await fs.access(`/proc/self/fd/${handle.fd}`)
    return handle
  } catch {
    // Each file system and kernel says it in its own way; what is really wrong, opening by name says too.
    await handle?.close()
    return undefined
  }
}

/** One that `removeStale` knows. */
function temporaryName (folder) {
  return path.join(folder, `.tidemark-${HOST}-${process.pid}-${randomInt(2 ** 32)}.heapsnapshot.tmp`)
}

/** What a process left behind that was killed while it took one. */
async function removeStale (folder) {
  const names = await fs.readdir(folder).catch(() => [])
  for (const name of names) {
    const owner = /^\.tidemark-(\w+)-(\d+)-\d+\.heapsnapshot\.tmp(?:\.\d+\.tmp)?$/.exec(name)
    if (owner === null) continue
    const file = path.join(folder, name)
    const age = await ageOf(file)
    if (age > FORGOTTEN_MS || (owner[1] === HOST && isGone(Number(owner[2]), age))) {
      await fs.rm(file, { force: true }).catch(() => {})
    }
  }
}

function isGone (pid, ageMs) {
  // In a container that was started again, our own number was that of the process before us.
  if (pid === process.pid) return ageMs > process.uptime() * 1000 + 1000
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** Milliseconds since it was written to. */
async function ageOf (file) {
  try {
    return Date.now() - (await fs.stat(file)).mtimeMs
  } catch {
    return 0
  }
}

module.exports = { SnapshotFile, checkFolder, targetOf, temporaryName }
