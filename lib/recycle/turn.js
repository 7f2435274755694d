'use strict'

const path = require('node:path')
const { readIdentity } = require('../flight/identity')
const { duration } = require('../format')
const { checkFolder, readPrivately, replacePrivately } = require('../private-file')
const { Lock } = require('./lock')

const HOUR_MS = 3600000

/**
 * Whose turn it is among the processes of a service that share a folder: one at a time, with time between
 * two, and a bound on how many within an hour, which outlives the processes.
 */
class Turn {
  #directory
  #intervalMs
  #mostPerHour
  #lock
  #log
  #script
  #isOurs = false

  /**
   * @param {object} binding
   * @param {string | undefined} directory undefined: nobody else is asked
   * @param {{intervalMs: number, mostPerHour: number}} options
   */
  constructor (binding, directory, { intervalMs, mostPerHour }) {
    this.#directory = directory === undefined ? undefined : path.resolve(directory)
    this.#intervalMs = intervalMs
    this.#mostPerHour = mostPerHour
    if (this.#directory === undefined) return
    const { service, script } = readIdentity()
    this.#script = script
    this.#lock = new Lock(binding, this.#directory, `${service}.recycle`)
    this.#log = path.join(this.#directory, `${service}.recycle.json`)
  }

  /**
   * @param {number} forMs for how long, at most
   * @returns {Promise<{isOurs: true} | {isOurs: false, reason: string, isSpent: boolean}>} isSpent: the
   *   bound of the hour is reached
   * @throws where the folder cannot be used
   */
  async ask (forMs) {
    if (this.#directory === undefined) return { isOurs: true }
    await checkFolder(this.#directory)
    const holder = await this.#lock.take(forMs)
    if (holder !== undefined) return { isOurs: false, isSpent: false, reason: `Process ${holder ?? '(unknown)'} is stepping aside.` }
    try {
      const refused = await this.#refusal()
      this.#isOurs = refused === undefined
      if (refused === undefined) return { isOurs: true }
      await this.#lock.release()
      return { isOurs: false, ...refused }
    } catch (error) {
      await this.#lock.release()
      throw error
    }
  }

  /** Counts it, when it is certain that this process leaves. Does nothing unless the turn is ours. */
  async record () {
    if (!this.#isOurs) return
    const steps = (await this.#steps()).filter(isRecent)
    await replacePrivately(this.#log, JSON.stringify([...steps, { timeMs: Date.now(), pid: process.pid, script: this.#script }]))
  }

  /** Who did not leave after all gives it back, so that others can. */
  async release () {
    this.#isOurs = false
    await this.#lock?.release()
  }

  /** Others wait until this process has gone. */
  releaseAtExit () {
    process.once('exit', () => this.#lock?.releaseAtOnce())
  }

  /** Only the holder of the lock comes here. */
  async #refusal () {
    const own = (await this.#steps()).filter((step) => isRecent(step) && step.script === this.#script)
    if (own.length >= this.#mostPerHour) {
      return { isSpent: true, reason: `${own.length} processes of this service have stepped aside within the last hour, which is the bound (\`mostPerHour\`).` }
    }
    const sinceMs = Date.now() - Math.max(...own.map(({ timeMs }) => timeMs))
    if (Math.abs(sinceMs) < this.#intervalMs) {
      return { isSpent: false, reason: `Another process stepped aside ${duration(Math.abs(sinceMs))} ago, and \`intervalMs\` is ${duration(this.#intervalMs)}.` }
    }
    return undefined
  }

  async #steps () {
    // As many as there are within an hour are few: a file that is larger is none of ours.
    const text = (await readPrivately(this.#log, MOST_LOG_BYTES))?.text ?? '[]'
    try {
      const steps = JSON.parse(text)
      return Array.isArray(steps) ? steps.filter((step) => Number.isFinite(step?.timeMs)) : []
    } catch {
      return []
    }
  }
}

const MOST_LOG_BYTES = 1 << 20

/** A clock that was set back leaves times to come. */
function isRecent ({ timeMs }) {
  return Math.abs(Date.now() - timeMs) < HOUR_MS
}

module.exports = { Turn }
