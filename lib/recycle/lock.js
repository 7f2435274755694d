'use strict'

const { randomBytes } = require('node:crypto')
const { writeFileSync } = require('node:fs')
const fs = require('node:fs/promises')
const path = require('node:path')
const { threadId } = require('node:worker_threads')
const { readPrivately } = require('../private-file')

const MOST_BYTES = 4096

/** A lock is whole from its first moment on. One that is not, and is older than this, was left by a crash. */
const TORN_MS = 10000

/** A lock that would be held for longer is noise. */
const LONGEST_MS = 24 * 3600000

/** Others may take it at the same moment. */
const TRIES = 3

let made = 0

/**
 * What one process at a time holds, as a file of a folder. It ends with its process, and at the time that its holder
 * has named.
 *
 * The files have numbers, `NAME.7.lock`, of which the highest counts: who finds it released or stale makes
 * the next one, which only one can, and removes those before. To remove a stale file and make it anew would
 * not do: between the two another process may have made one that is not stale, which is then removed.
 */
class Lock {
  #binding
  #directory
  #name
  /** @type {{file: string, text: string} | null} */
  #own = null

  /**
   * @param {object} binding tells processes apart
   * @param {string} directory
   * @param {string} name what the files' names begin with
   */
  constructor (binding, directory, name) {
    this.#binding = binding
    this.#directory = directory
    this.#name = name
  }

  /**
   * @param {number} forMs the holder has let go of it by then, whatever happens to it
   * @returns {Promise<number | null | undefined>} undefined: it is ours. Else who holds it: its pid, or null
   * @throws where there can be no lock: no folder, a file of another user, a full disk
   */
  async take (forMs) {
    const text = this.#content(Date.now() + forMs)
    for (let tries = 0; tries < TRIES; tries++) {
      const last = await this.#last()
      const found = last === 0 ? undefined : await readPrivately(this.#file(last), MOST_BYTES)
      const holder = found === undefined ? undefined : this.#holderOf(found)
      if (holder !== undefined) return holder
      // One that is gone was removed by who made the next one.
      if (last > 0 && found === undefined) continue
      const file = this.#file(last + 1)
      if (!await this.#make(file, text)) continue
      if (await this.#last() === last + 1) {
        this.#own = { file, text }
        await this.#removeBefore(last + 1)
        return undefined
      }
      // The number had been made, and removed, since we looked.
      await fs.rm(file, { force: true })
    }
    return null
  }

  /** It stays, as one whose time is over: the number must not come again. */
  async release () {
    const own = this.#own
    this.#own = null
    // Not one that another process took over because we were too slow.
    if (own !== null && (await readPrivately(own.file, MOST_BYTES).catch(() => undefined))?.text === own.text) await fs.writeFile(own.file, this.#content(0), { flag: 'r+' })
  }

  /** At the exit. Whoever sees processes of this container would know without it. */
  releaseAtOnce () {
    try {
      if (this.#own !== null) writeFileSync(this.#own.file, this.#content(0), { flag: 'r+' })
    } catch {}
  }

  /** Always of one length, so that it can be written in place. */
  #content (untilMs) {
    const text = JSON.stringify({ ...JSON.parse(this.#binding.processMark()), threadId, made: ++made, untilMs })
    return text.padEnd(MOST_BYTES / 8)
  }

  #file (number) {
    return path.join(this.#directory, `${this.#name}.${number}.lock`)
  }

  /** @returns {Promise<number>} the highest number; 0 without any */
  async #last () {
    return Math.max(0, ...await this.#numbers())
  }

  async #numbers () {
    const names = await fs.readdir(this.#directory)
    return names.filter((name) => name.startsWith(`${this.#name}.`))
      .map((name) => /^\.(\d{1,15})\.lock$/.exec(name.slice(this.#name.length))?.[1])
      .filter((number) => number !== undefined).map(Number)
  }

  async #removeBefore (last) {
    for (const number of await this.#numbers()) if (number < last) await fs.rm(this.#file(number), { force: true })
  }

  /** It has its name only when it is whole. @returns {Promise<boolean>} whether there was none */
  async #make (file, text) {
    // In every container the process has the same number, and one that was killed here has left its file.
    const temporary = path.join(this.#directory, `.${this.#name}.${randomBytes(8).toString('hex')}.unfinished`)
    try {
      await fs.writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
      await fs.link(temporary, file)
      return true
    } catch (error) {
      if (error.code === 'EEXIST') return false
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(error.code)) throw error
      return await makeWithoutLinks(file, text)
    } finally {
      await fs.rm(temporary, { force: true })
    }
  }

  /** @returns {number | null | undefined} undefined: it is released, or stale */
  #holderOf ({ text, modifiedMs }) {
    const { pid, untilMs } = parsed(text)
    if (!Number.isInteger(pid) || !Number.isFinite(untilMs)) return Math.abs(Date.now() - modifiedMs) > TORN_MS ? undefined : null
    const leftMs = untilMs - Date.now()
    if (leftMs <= 0 || leftMs > LONGEST_MS) return undefined
    // Of a process in another container it is not known; its time is.
    return this.#binding.isProcessRunning(text) === false ? undefined : pid
  }
}

async function makeWithoutLinks (file, text) {
  try {
    await fs.writeFile(file, text, { mode: 0o600, flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function parsed (text) {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

module.exports = { Lock }
