'use strict'

const { constants, readFileSync, rmSync } = require('node:fs')
const fs = require('node:fs/promises')
const { threadId } = require('node:worker_threads')

/** Without following a link, and without waiting for what is no file. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

const MOST_BYTES = 4096

/** A lock is whole from its first moment on. One that is not, and is older than this, was left by a crash. */
const TORN_MS = 10000

/** A lock that would be held for longer is noise. */
const LONGEST_MS = 24 * 3600000

/** Others may take a stale lock away at the same moment. */
const TRIES = 3

let taken = 0

/** A file that one process at a time holds. It ends with its process, and at the time that its holder has named. */
class Lock {
  #binding
  #file
  #text = null

  /**
   * @param {object} binding tells processes apart
   * @param {string} file
   */
  constructor (binding, file) {
    this.#binding = binding
    this.#file = file
  }

  /**
   * @param {number} forMs the holder has let go of it by then, whatever happens to it
   * @returns {Promise<number | null | undefined>} undefined: it is ours. Else who holds it: its pid, or null
   * @throws where there can be no lock: no folder, a file of another user, a full disk
   */
  async take (forMs) {
    const text = JSON.stringify({ ...JSON.parse(this.#binding.processMark()), threadId, untilMs: Date.now() + forMs, turn: ++taken })
    for (let tries = 0; tries < TRIES; tries++) {
      if (await this.#make(text)) {
        this.#text = text
        return undefined
      }
      const found = await read(this.#file)
      if (found === undefined) continue
      const holder = this.#holderOf(found)
      if (holder !== undefined) return holder
      await this.#removeStale(found.text)
    }
    return null
  }

  async release () {
    const text = this.#text
    this.#text = null
    // Not one that another process took over because we were too slow.
    if (text !== null && (await read(this.#file).catch(() => undefined))?.text === text) await fs.rm(this.#file, { force: true })
  }

  /** At the exit: what is left is stale, and only looks as if somebody were there. */
  releaseAtOnce () {
    try {
      if (this.#text !== null && readFileSync(this.#file, 'utf8') === this.#text) rmSync(this.#file)
    } catch {}
  }

  /** It has its name only when it is whole. @returns {Promise<boolean>} whether there was none */
  async #make (text) {
    const temporary = `${this.#file}.${process.pid}-${threadId}`
    await fs.rm(temporary, { force: true })
    await fs.writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
    try {
      await fs.link(temporary, this.#file)
      return true
    } catch (error) {
      if (error.code === 'EEXIST') return false
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(error.code)) throw error
      return await this.#makeWithoutLinks(text)
    } finally {
      await fs.rm(temporary, { force: true })
    }
  }

  async #makeWithoutLinks (text) {
    try {
      await fs.writeFile(this.#file, text, { mode: 0o600, flag: 'wx' })
      return true
    } catch (error) {
      if (error.code === 'EEXIST') return false
      throw error
    }
  }

  /** @returns {number | null | undefined} undefined: it is stale */
  #holderOf ({ text, modifiedMs }) {
    const { pid, untilMs } = parsed(text)
    if (!Number.isInteger(pid) || !Number.isFinite(untilMs)) return Math.abs(Date.now() - modifiedMs) > TORN_MS ? undefined : null
    const leftMs = untilMs - Date.now()
    if (leftMs <= 0 || leftMs > LONGEST_MS) return undefined
    // Of a process in another container it is not known; its time is.
    return this.#binding.isProcessRunning(text) === false ? undefined : pid
  }

  /** Moved away first: only one of several processes that find it stale gets it, and sees whether it is another one's by now. */
  async #removeStale (text) {
    const moved = `${this.#file}.${process.pid}-${threadId}.stale`
    try {
      await fs.rename(this.#file, moved)
      if ((await read(moved))?.text !== text) await fs.link(moved, this.#file)
    } catch (error) {
      if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
    } finally {
      await fs.rm(moved, { force: true })
    }
  }
}

/** @returns {Promise<{text: string, modifiedMs: number} | undefined>} undefined where there is none */
async function read (file, mostBytes = MOST_BYTES) {
  let handle
  try {
    handle = await fs.open(file, READ)
    const stat = await handle.stat()
    if (!stat.isFile()) throw new Error(`'${file}' is not a file`)
    if (process.geteuid !== undefined && stat.uid !== process.geteuid()) throw new Error(`'${file}' belongs to user ${stat.uid}`)
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.max(1, Math.min(stat.size, mostBytes))), 0, undefined, 0)
    return { text: buffer.toString('utf8', 0, bytesRead), modifiedMs: stat.mtimeMs }
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    if (error.code === 'ELOOP') throw new Error(`'${file}' is a symbolic link`, { cause: error })
    throw error
  } finally {
    await handle?.close()
  }
}

function parsed (text) {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

module.exports = { Lock, read }
