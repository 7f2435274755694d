'use strict'

const { channel } = require('node:diagnostics_channel')
const { plain } = require('./plain')
const { runCommand } = require('./run-command')

/** Files that wait for their turn. */
const MOST_WAITING = 16

const snapshots = channel('tidemark:snapshot')

/**
 * Runs a command of the user for each file that tidemark has finished, a report or a snapshot, one at a time. It is started
 * without a shell, and outlives the process.
 */
class Artifacts {
  #program
  #args
  #timeoutMs
  #waiting = []
  #isRunning = false
  #problem
  /** @type {(message: any) => void} of `tidemark:snapshot`, where the app may publish too */
  #onSnapshot = ({ path, error }) => { if (error === undefined && typeof path === 'string') this.finished(path) }

  /** @param {{command: string[], timeoutMs: number}} options */
  constructor ({ command: [program, ...args], timeoutMs }) {
    this.#program = program
    this.#args = args
    this.#timeoutMs = timeoutMs
  }

  get problems () {
    return this.#problem === undefined ? [] : [`\`onArtifact\`: ${this.#problem}`]
  }

  start () {
    snapshots.subscribe(this.#onSnapshot)
  }

  /** What waits is still begun: it may be why the session ends. */
  stop () {
    snapshots.unsubscribe(this.#onSnapshot)
  }

  /** @param {string} file that is whole */
  finished (file) {
    // A report that was written again while it waited.
    if (this.#waiting.includes(file)) return
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(file)
    else this.#problem = `more than ${MOST_WAITING} files wait for the command, and it was not run for '${plain(file)}'.`
    this.#next()
  }

  #next () {
    if (this.#isRunning || this.#waiting.length === 0) return
    this.#isRunning = true
    const file = this.#waiting.shift()
    runCommand([this.#program, ...this.#args, file], { timeoutMs: this.#timeoutMs }).then((problem) => {
      this.#problem = problem === undefined ? undefined : `'${plain(this.#program)}' ${problem}, for '${plain(file)}'.`
      this.#isRunning = false
      this.#next()
    })
  }
}

module.exports = { Artifacts }
