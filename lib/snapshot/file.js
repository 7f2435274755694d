'use strict'

const { randomInt } = require('node:crypto')
const { constants, rmSync } = require('node:fs')
const fs = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { createError } = require('../errors')

const HEAD = '{"snapshot":'
const TAIL = ']}'

/** Linux on x86-64; `fs.constants` lacks it. */
const O_TMPFILE = 0o20200000

/** What says that a file system has no files without a name. */
const NO_TMPFILE = ['EOPNOTSUPP', 'EISDIR', 'EINVAL', 'ENOENT']

/** A file that nobody has written to for so long is nobody's, whatever its name says. */
const FORGOTTEN_MS = 86400000

/** Distinguishes containers that share a volume: in each of them the process may be number 1. */
const HOST = os.hostname().replaceAll(/[^\w]/g, '_').slice(0, 64)

/**
 * Bytes that become the file `target` when they are complete, and are gone otherwise. Until then
 * they have no name, or, where that cannot be, one of their own in the same folder.
 */
class SnapshotFile {
  #target
  #name
  #handle
  #nameLater
  #atExit = () => rmSync(this.#name, { force: true })

  /** @param {string} target as from `targetOf` */
  static async create (target) {
    const name = await freeName(target)
    try {
      const handle = await fs.open(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
      return new SnapshotFile(target, name, handle)
    } catch (cause) {
      throw cannotWrite(target, cause)
    }
  }

  /**
   * For who needs the descriptor only. A process that is killed leaves nothing of such a file.
   * @param {string} target
   * @param {(descriptor: number, name: string) => void} nameLater gives it a name
   */
  static async createNameless (target, nameLater) {
    try {
      const handle = await fs.open(path.dirname(target), constants.O_RDWR | O_TMPFILE, 0o600)
      return new SnapshotFile(target, await freeName(target), handle, nameLater)
    } catch (cause) {
      if (NO_TMPFILE.includes(cause.code)) return SnapshotFile.create(target)
      throw cannotWrite(target, cause)
    }
  }

  constructor (target, name, handle, nameLater) {
    this.#target = target
    this.#name = name
    this.#handle = handle
    this.#nameLater = nameLater
    process.once('exit', this.#atExit)
  }

  get name () {
    return this.#name
  }

  get descriptor () {
    return this.#handle.fd
  }

  /**
   * Gives the file its name, if it is complete.
   * @param {(from: string, to: string) => Promise<void>} [copy] makes the file that gets the name instead;
   *   then these bytes never have it
   * @returns {Promise<number>} its bytes
   */
  async commit (copy) {
    const { size } = await this.#handle.stat()
    if (!await this.#isComplete(size)) {
      throw createError('ERR_TIDEMARK_SNAPSHOT_FAILED', ['incomplete', `the ${size} bytes written are not a whole snapshot`])
    }
    if (copy !== undefined) return this.#commitCopy(copy)
    // Else a machine that crashes soon may show the name without the bytes.
    await this.#handle.sync()
    this.#nameLater?.(this.descriptor, this.#name)
    await fs.rename(this.#name, this.#target)
    await this.#forget()
    return size
  }

  async #commitCopy (copy) {
    const name = await freeName(this.#target)
    try {
      await copy(this.#reachableName, name)
      await fs.rename(name, this.#target)
    } catch (error) {
      await fs.rm(name, { force: true }).catch(() => {})
      throw error
    }
    await this.discard()
    return (await fs.stat(this.#target)).size
  }

  /** A file without a name is reached by its descriptor. */
  get #reachableName () {
    return this.#nameLater === undefined ? this.#name : `/proc/self/fd/${this.descriptor}`
  }

  async discard () {
    await fs.rm(this.#name, { force: true }).catch(() => {})
    await this.#forget()
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
  await fs.access(path.dirname(target), constants.W_OK | constants.X_OK).catch((cause) => { throw cannotWrite(wanted, cause) })
  return target
}

function cannotWrite (target, cause) {
  return createError('ERR_TIDEMARK_SNAPSHOT_REFUSED',
    ['path', `'${target}' cannot be written: ${cause.message}. Name a path in a folder that the process may write to`], { cause })
}

/** A name for what is not finished, beside the target. */
async function freeName (target) {
  await removeStale(path.dirname(target))
  return temporaryName(path.dirname(target))
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

module.exports = { SnapshotFile, targetOf, temporaryName }
