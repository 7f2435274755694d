'use strict'

const { readIdentity } = require('../flight/identity')
const { sessionOf } = require('../session')
const { version } = require('../../package.json')
const { ActiveLeaks } = require('./active-leaks')

/**
 * What all metrics are made of, read at one moment.
 * @typedef {{
 *   status: import('../..').RunningStatus,
 *   health: {state: string},
 *   leaks: {channel: string, signature: string, isActive: boolean}[],
 *   memoryLimit: number | undefined,
 *   app: {name: string, version: string, tidemark: string}
 * }} Seen
 */

/** Reads a monitor for metrics. A scrape asks for each metric in the same turn, and they are of one moment. */
class Reader {
  #monitor
  #leaks
  #app
  /** @type {Seen | null | undefined} */
  #seen

  /** @param {import('../..').Tidemark} monitor */
  constructor (monitor) {
    this.#monitor = monitor
    this.#leaks = new ActiveLeaks(monitor)
  }

  /** @returns {Seen | null} null while the monitor does not run */
  read () {
    if (this.#seen === undefined) {
      this.#seen = this.#look()
      queueMicrotask(() => { this.#seen = undefined })
    }
    return this.#seen
  }

  /** @param {import('./families').Family} family */
  rowsOf (family) {
    const seen = this.read()
    return seen === null ? [] : family.rows(seen)
  }

  close () {
    this.#leaks.close()
  }

  #look () {
    const status = this.#monitor.status()
    if (!status.running) return null
    this.#app ??= readApp()
    return {
      status,
      health: this.#monitor.health(),
      leaks: this.#leaks.all(),
      memoryLimit: sessionOf(this.#monitor)?.options.memoryLimit,
      app: this.#app
    }
  }
}

function readApp () {
  const { identity } = readIdentity()
  return { name: identity.name, version: identity.version ?? '', tidemark: version }
}

module.exports = { Reader }
