'use strict'

const { fork } = require('node:child_process')
const { createRequire } = require('node:module')
const path = require('node:path')
const { createError } = require('../../errors')
const { clearTimeout, setTimeout } = require('../own')

/** Milliseconds beyond what a round may take, after which the process that sends it is given up. */
const GRACE_MS = 5000

/** Of what the process says on stderr, the end. */
const MOST_STDERR = 600

/**
 * Where autocannon is: the app's own, or the one that is installed beside tidemark.
 * @param {string[]} folders
 * @returns {string}
 * @throws ERR_TIDEMARK_LOAD
 */
function findAutocannon (folders) {
  let cause
  for (const folder of folders) {
    try {
      return createRequire(path.join(folder, 'x.js')).resolve('autocannon')
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error
      cause = error
    }
  }
  throw createError('ERR_TIDEMARK_LOAD', ['missing', 'The package autocannon, which sends the requests, is not installed. Install it beside the app: npm install --save-dev autocannon'], { cause })
}

/**
 * @typedef {{url: string, method: string, headers?: Record<string, string>, body?: string, amount: number,
 *   connections: number, timeoutMs: number, forMs: number}} Round
 * @typedef {{sent: number, answered: number, statuses: Record<string, number>, errors: Record<string, number>, failed: number,
 *   timeouts: number, closes: boolean}} Answers failed: connections and timeouts; closes: the server ended connections by itself
 */

/**
 * The process that sends requests, from the first route to the last.
 */
class Load {
  #child
  #stderr = ''
  /** Ends the round that is under way. @type {((error: Error | null, answers?: any) => void) | null} */
  #end = null
  #ended

  /** @param {string[]} folders in which autocannon may be. @throws ERR_TIDEMARK_LOAD */
  constructor (folders) {
    this.#child = fork(path.join(__dirname, 'load-process.js'), [findAutocannon(folders)], {
      execArgv: [],
      env: ownEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    })
    this.#child.stderr?.on('data', (text) => { this.#stderr = (this.#stderr + text).slice(-MOST_STDERR) })
    this.#child.on('message', (answers) => this.#end?.(null, answers))
    this.#ended = new Promise((resolve) => {
      const onEnd = (reason) => {
        this.#end?.(createError('ERR_TIDEMARK_LOAD', ['failed', `The process that sends the requests ended (${reason}): ${this.#stderr.trim() || 'it said nothing.'}`]))
        resolve(undefined)
      }
      this.#child.once('error', ({ message }) => onEnd(message))
      this.#child.once('close', (code, signal) => onEnd(signal ?? `code ${code}`))
    })
  }

  /**
   * @param {Round} round forMs: no request is begun after it
   * @returns {Promise<Answers>}
   * @throws ERR_TIDEMARK_LOAD
   */
  async round (round) {
    let timer
    try {
      const answers = await new Promise((resolve, reject) => {
        this.#end = (error, found) => error === null ? resolve(found) : reject(error)
        timer = setTimeout(() => this.#end?.(createError('ERR_TIDEMARK_LOAD', ['failed', `${round.amount} requests were not done in time.`])), round.forMs + round.timeoutMs + GRACE_MS)
        this.#child.send(round, (error) => { if (error !== null) this.#end?.(error) })
      })
      if (answers.problem !== undefined) throw createError('ERR_TIDEMARK_LOAD', ['failed', `autocannon does not take the request: ${answers.problem}`])
      return answers
    } finally {
      this.#end = null
      clearTimeout(timer)
    }
  }

  /** The round that is under way ends with the requests that were begun. */
  stop () {
    if (this.#child.connected) this.#child.send({ stop: true }, () => {})
  }

  async close () {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

/** Without what is meant for other children: coverage, a debugger, a preload. Yarn finds packages by NODE_OPTIONS. */
function ownEnvironment () {
  const env = { ...process.env }
  delete env.NODE_V8_COVERAGE
  if (process.versions.pnp === undefined) delete env.NODE_OPTIONS
  return env
}

module.exports = { Load }
