'use strict'

const path = require('node:path')
const { Worker } = require('node:worker_threads')
const { messageOf, sentence } = require('../errors')

/** What the thread may have: it holds the list of a folder and nothing else. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 }

/**
 * The other processes and threads of the recorder's folder. A thread of its own reads the files, since the event loop
 * waits for no disk; it is there only while somebody looks.
 */
class Neighbours {
  /** @type {Worker | null} */
  #worker = null
  #directory
  /** @type {(Record<string, unknown> & {file: string, isOf: number})[]} */
  #rows = []
  #problem

  /** As the page lists them, each with its file and, as `isOf`, its thread. */
  get rows () {
    return this.#rows
  }

  get problems () {
    return this.#problem === undefined ? [] : [`The other processes cannot be listed: ${sentence(this.#problem)}`]
  }

  /**
   * At every look at the page.
   * @param {string | undefined} directory of the recorder
   */
  look (directory) {
    if (directory !== this.#directory) this.rest()
    if (directory === undefined || this.#worker !== null || this.#problem !== undefined) return
    this.#directory = directory
    try {
      // Without what the app preloads: it would be watched too.
      const worker = new Worker(path.join(__dirname, 'neighbours-thread.js'), { workerData: directory, execArgv: [], env: {}, resourceLimits: LIMITS })
      this.#worker = worker
      worker.unref()
      worker.on('message', ({ rows, problem }) => {
        this.#rows = rows
        this.#problem = problem
      })
      worker.on('error', (error) => { this.#problem = messageOf(error) })
    } catch (error) {
      this.#problem = messageOf(error)
    }
  }

  /** Nobody looks any more. */
  rest () {
    this.#worker?.removeAllListeners('message').terminate()
    this.#worker = null
    this.#directory = undefined
    this.#rows = []
    this.#problem = undefined
  }
}

module.exports = { Neighbours }
