'use strict'

const cluster = require('node:cluster')
const { clearTimeout, setImmediate, setTimeout } = require('node:timers')
const { createError } = require('../errors')
const { ASK, FAILED, HEARD, READY, message, readMessage } = require('./talk')

/** After SIGTERM; then comes SIGKILL, which no listener withstands. */
const END_MS = 3000

/**
 * The primary of a cluster: starts the replacement of a worker that wants to step aside, and lets the worker
 * go when the replacement listens. One at a time, until the worker has gone.
 */
class Primary {
  #options
  /** The last of those that wait for each other. */
  #last = Promise.resolve()
  #hasWarned = false
  #onMessage = (worker, received) => this.#hear(worker, received)

  /** @param {{fork?: () => import('node:cluster').Worker, replaceMs: number}} options */
  constructor (options) {
    this.#options = options
    cluster.on('message', this.#onMessage)
  }

  stop () {
    cluster.off('message', this.#onMessage)
  }

  #hear (worker, received) {
    const { is, listens, forMs } = readMessage(received) ?? {}
    if (is !== ASK || !Number.isFinite(forMs)) return
    say(worker, HEARD)
    this.#last = this.#last.then(() => this.#replace(worker, listens === true, forMs))
  }

  async #replace (worker, listens, forMs) {
    if (worker.isDead() || !worker.isConnected()) return
    const before = workers().length
    try {
      await this.#start(listens)
    } catch (error) {
      say(worker, FAILED, { reason: error.message })
      return
    }
    // For the app's 'exit' listener: this one is replaced already.
    worker.exitedAfterDisconnect = true
    say(worker, READY)
    await exit(worker, forMs)
    // Behind the app's 'exit' listener.
    await new Promise((resolve) => { setImmediate(resolve) })
    if (workers().length > before) this.#warn()
  }

  async #start (listens) {
    const { fork, replaceMs } = this.#options
    const replacement = fork === undefined ? cluster.fork() : fork()
    if (typeof replacement?.once !== 'function') throw new Error('the function `fork` gave no worker')
    /** @type {string | void} */
    const obstacle = await new Promise((resolve) => {
      const timer = setTimeout(resolve, replaceMs, `does not listen after ${replaceMs} ms`)
      const ended = (code, signal) => {
        clearTimeout(timer)
        // The app's 'exit' listener, which comes after this one, starts nobody instead: the worker stays.
        replacement.exitedAfterDisconnect = true
        resolve(`ended with ${signal ?? `code ${code}`}`)
      }
      replacement.once(listens ? 'listening' : 'online', () => {
        clearTimeout(timer)
        replacement.off('exit', ended)
        resolve()
      })
      replacement.once('exit', ended)
      replacement.once('error', () => {})
    })
    if (obstacle === undefined) return
    replacement.exitedAfterDisconnect = true
    replacement.kill()
    await exit(replacement, END_MS)
    if (!replacement.isDead()) replacement.process.kill('SIGKILL')
    throw new Error(`the replacement ${obstacle}`)
  }

  #warn () {
    if (this.#hasWarned) return
    this.#hasWarned = true
    process.emitWarning(createError('ERR_TIDEMARK_RECYCLE', ['A worker that stepped aside was replaced twice: its replacement was there already. ' +
      'Where the app listens to \'exit\' of the cluster, fork only `if (!worker.exitedAfterDisconnect)`.']))
  }
}

function workers () {
  return Object.keys(cluster.workers ?? {})
}

/** It has gone, or has been given its time. @returns {Promise<void>} */
function exit (worker, mostMs) {
  return new Promise((resolve) => {
    if (worker.isDead()) return resolve()
    const timer = setTimeout(resolve, mostMs)
    worker.once('exit', () => { clearTimeout(timer); resolve() })
  })
}

function say (worker, is, more) {
  // It may have gone meanwhile.
  worker.send(message(is, more), () => {})
}

module.exports = { Primary }
