'use strict'

const { constants } = require('node:fs')
const fs = require('node:fs/promises')
const path = require('node:path')
const { FOLDER, FRESH_MS, isRequestName, requestName } = require('../../snapshot/request')

const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

/** A container may write what it likes. */
const LARGEST_ANSWER = 65536

/**
 * The other side of `lib/snapshot/request.js`: a request that waits in the /tmp of the process, which
 * in a container is not ours. The process takes its name away, and answers in the same file.
 */
class RequestFile {
  #folder
  #name
  #handle
  #size

  /**
   * @param {number} pid
   * @param {{inner: number, uid: number}} running what was proved of it
   * @param {{path?: string, redact: boolean, timeoutMs: number}} request
   */
  static async create (pid, { inner, uid }, request) {
    const file = new RequestFile()
    try {
      file.#folder = await openFolder(pid)
      // By the folder's descriptor: in a container the name might be made to lead elsewhere.
      const folder = `/proc/self/fd/${file.#folder.fd}`
      await checkOthers(folder, { pid, inner, uid })
      file.#name = path.join(folder, requestName(inner))
      file.#handle = await fs.open(file.#name, CREATE, 0o600).catch((cause) => { throw unreachable(pid, cause) })
      await file.#fill(`${JSON.stringify(request)}\n`, uid)
      return file
    } catch (error) {
      await file.remove()
      throw error
    }
  }

  async #fill (text, uid) {
    this.#size = Buffer.byteLength(text)
    await this.#handle.writeFile(text)
    // Root's file would not be the process's to take.
    if (uid !== process.geteuid?.()) await this.#handle.chown(uid, -1)
  }

  /** Whether the process has it: then it has no name. */
  async isTaken () {
    return (await this.#handle.stat()).nlink === 0
  }

  /** @returns {Promise<string | undefined>} as it was written; undefined while there is none, or none that is whole */
  async answer () {
    const buffer = Buffer.alloc(LARGEST_ANSWER)
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#size)
    const text = buffer.toString('utf8', 0, bytesRead)
    return text.endsWith('\n') ? text : undefined
  }

  /** Nothing is left of it. */
  async remove () {
    // When it was taken, a file of that name is another's.
    if (this.#handle !== undefined && !await this.isTaken()) await fs.rm(this.#name, { force: true })
    await this.#handle?.close()
    await this.#folder?.close()
  }
}

async function openFolder (pid) {
  const folder = `/proc/${pid}/root${FOLDER}`
  try {
    return await fs.open(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (cause) {
    throw unreachable(pid, cause)
  }
}

/** Two commands at a time would share one signal. What was forgotten, by one that was killed, goes. */
async function checkOthers (folder, { pid, inner, uid }) {
  const names = await fs.readdir(folder).catch(() => [])
  for (const name of names.filter((each) => isRequestName(each, inner))) {
    const file = path.join(folder, name)
    const stat = await fs.lstat(file).catch(() => undefined)
    // What others put there the process leaves alone, and so does this.
    if (stat === undefined || stat.uid !== uid || !stat.isFile()) continue
    if (Date.now() - stat.ctimeMs < FRESH_MS) {
      throw new Error(`Process ${pid} is being asked already: '${path.join(FOLDER, name)}' is there, of user ${uid}. Try again in a minute.`)
    }
    await fs.rm(file, { force: true }).catch(() => {})
  }
}

function unreachable (pid, cause) {
  return new Error(`Nothing was sent: a request for process ${pid} cannot be put into its ${FOLDER} (${cause.code}). ` +
    'If you send the signal by hand, the snapshot is written into its current folder.', { cause })
}

module.exports = { RequestFile }
