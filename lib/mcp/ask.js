'use strict'

const { execFile } = require('node:child_process')
const path = require('node:path')
const { messageOf } = require('../errors')
const { plain } = require('../plain')

const COMMAND = path.join(__dirname, '..', '..', 'bin', 'tidemark.js')
const TIMEOUT_MS = 600000
/** `suspects` ends with it where it found some. @type {unknown[]} */
const GOOD = [0, 2]
const LONGEST_COMPLAINT = 1000

/**
 * Runs the `tidemark` command in processes of their own, one at a time: what an analysis takes is one snapshot's memory, or
 * two of a comparison, it goes back to the system with the answer, and a file that ends a process ends not this one.
 */
class Commands {
  #last = Promise.resolve()
  #children = new Set()
  #closed = false

  /**
   * @param {string[]} args
   * @param {AbortSignal} [signal] ends it
   * @returns {Promise<string>} what it prints. @throws with its complaint
   */
  ask (args, signal) {
    const answer = this.#last.then(() => this.#run(args, signal))
    this.#last = answer.catch(() => {})
    return answer
  }

  /** Nobody waits for an answer any more. */
  close () {
    this.#closed = true
    for (const child of this.#children) child.kill('SIGKILL')
  }

  #run (args, signal) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (this.#closed) throw new Error('The client has left.')
      const options = { env: { ...process.env, NODE_OPTIONS: '', NO_COLOR: '1' }, signal, timeout: TIMEOUT_MS, killSignal: /** @type {const} */ ('SIGKILL'), windowsHide: true }
      const child = execFile(process.execPath, [COMMAND, ...args], options, (error, stdout, stderr) => {
        this.#children.delete(child)
        if (error === null || GOOD.includes(error.code)) resolve(stdout)
        else reject(new Error(complaintOf(error, stderr)))
      })
      this.#children.add(child)
      child.stdin?.end()
    })
  }
}

function complaintOf (error, stderr) {
  if (error.killed) return `It took longer than ${TIMEOUT_MS / 60000} minutes.`
  if (error.signal) return `The analysis was ended by ${error.signal}: most likely memory did not suffice. It needs about one and a half times the size of the file.`
  const said = stderr.trim().replace(/^tidemark: /, '')
  return plain(said === '' ? messageOf(error) : said).slice(0, LONGEST_COMPLAINT)
}

module.exports = { Commands }
