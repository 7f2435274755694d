'use strict'

const { spawn } = require('node:child_process')
const { channel } = require('node:diagnostics_channel')
const { clearTimeout, setTimeout } = require('node:timers')
const { messageOf } = require('./errors')
const { plain } = require('./plain')

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
    this.#run(file).then((problem) => {
      this.#problem = problem === undefined ? undefined : `'${plain(this.#program)}' ${problem}, for '${plain(file)}'.`
      this.#isRunning = false
      this.#next()
    })
  }

  /** @returns {Promise<string | undefined>} what went wrong, in words */
  #run (file) {
    return new Promise((resolve) => {
      let child
      try {
        child = spawn(this.#program, [...this.#args, file], { detached: true, stdio: 'ignore', windowsHide: true })
      } catch (error) {
        resolve(`cannot be started: ${plain(messageOf(error))}`)
        return
      }
      const timer = setTimeout(() => {
        killGroup(child)
        resolve(`was ended after ${this.#timeoutMs} ms`)
      }, this.#timeoutMs)
      timer.unref?.()
      child.unref()
      child.once('error', (error) => {
        clearTimeout(timer)
        resolve(`cannot be started: ${plain(messageOf(error))}`)
      })
      child.once('exit', (code, signal) => {
        clearTimeout(timer)
        resolve(code === 0 ? undefined : signal === null ? `ended with code ${code}` : `ended by ${signal}`)
      })
    })
  }
}

/** With what it has started. */
function killGroup ({ pid }) {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL')
  } catch {
    // It has ended a moment ago.
  }
}

module.exports = { Artifacts }
