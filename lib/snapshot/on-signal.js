'use strict'

const { channel: diagnosticsChannel } = require('node:diagnostics_channel')
const os = require('node:os')
const path = require('node:path')
const { isMainThread } = require('node:worker_threads')
const { defaultName, takeSnapshot } = require('.')
const { takeRequest } = require('./request')
const { restarter } = require('./restarter')

const diagnostics = diagnosticsChannel('tidemark:snapshot')

/**
 * Writes a snapshot into `snapshotFolder`, or the current folder, whenever the process gets a signal, as node-heapdump
 * does. Whoever may send the signal need not be who may read the app's secrets: strings are redacted.
 * Where `tidemark snapshot --pid` left a request, that says the path and whether to redact, and gets
 * the answer.
 */
class SnapshotOnSignal {
  problems = []
  #name
  /** Undefined: the one that is current when the signal comes. */
  #folder
  #take
  #onError
  #onSignal = () => { this.#write() }

  /**
   * @param {string} name of the signal
   * @param {object} binding
   * @param {{memoryLimit?: number, snapshotFolder?: string}} options
   * @param {(error: Error) => void} onError hears why there is no snapshot
   */
  constructor (name, binding, { memoryLimit, snapshotFolder }, onError) {
    this.#name = name
    this.#folder = snapshotFolder && path.resolve(snapshotFolder)
    this.#take = (target, wanted) => takeSnapshot(binding, target, { memoryLimit, ...wanted }, { ref: false })
    this.#onError = onError
  }

  start () {
    if (!isMainThread) {
      this.problems.push(`Node.js gives signals to the main thread only: \`signal: '${this.#name}'\` does nothing in a worker thread.`)
    } else if (process.platform === 'win32') {
      this.problems.push(`Windows has no signals that another process can send: \`signal: '${this.#name}'\` does nothing.`)
    } else if (!(this.#name in os.constants.signals)) {
      this.problems.push(`This system has no ${this.#name}: \`signal: '${this.#name}'\` does nothing.`)
    } else {
      const { by, signal } = restarter() ?? {}
      if (signal === this.#name) {
        this.problems.push(`${by} restarts the app by ${signal}: \`signal: '${signal}'\` does nothing. Name another one, such as \`signal: 'SIGURG'\`.`)
      } else {
        process.on(this.#name, this.#onSignal)
      }
    }
  }

  stop () {
    process.off(this.#name, this.#onSignal)
  }

  async #write () {
    const { path: wanted, answer, ...options } = await takeRequest() ?? { redact: true }
    let target = wanted ?? defaultName()
    try {
      // Throws where the current folder is gone.
      target = path.resolve(this.#folder ?? '', target)
      const result = await this.#take(target, options)
      answer?.(result)
      if (diagnostics.hasSubscribers) diagnostics.publish(result)
    } catch (error) {
      answer?.({ error: plainError(error) })
      if (diagnostics.hasSubscribers) diagnostics.publish({ path: target, error })
      this.#onError(error)
    }
  }
}

/** An error's message is not enumerable. */
function plainError ({ code, message, reason, need, available }) {
  return { code, message, reason, need, available }
}

module.exports = { SnapshotOnSignal }
