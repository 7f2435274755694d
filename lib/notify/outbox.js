'use strict'

const { clearTimeout, setTimeout } = require('node:timers')
const { messageOf } = require('../errors')

/** Messages that wait. Who sends more has a problem that more messages do not mend. */
const MOST_WAITING = 16

/** Milliseconds before each further try, in the mean: a receiver that restarts is back within the minute. */
const RETRY_MS = [1000, 4000, 16000, 60000]

/** What is tried again may succeed then: a receiver that is down, and not one that refuses. */
class DeliveryError extends Error {
  /** @param {string} message @param {{mayPass: boolean, cause?: unknown}} more */
  constructor (message, { mayPass, cause }) {
    super(message, { cause })
    this.mayPass = mayPass
  }
}

/** The messages to one destination, in their order, one at a time. Never throws, and keeps no process alive. */
class Outbox {
  #deliver
  #onLost
  #retryMs
  #waiting = []
  #isBusy = false
  #isClosed = false
  #timer

  /**
   * @param {string} name for a person
   * @param {(message: {text: string}) => Promise<void>} deliver
   * @param {(reason: string, cause?: unknown) => void} onLost hears of messages that did not arrive
   * @param {number[]} [retryMs]
   */
  constructor (name, deliver, onLost, retryMs = RETRY_MS) {
    this.name = name
    this.#deliver = deliver
    this.#onLost = onLost
    this.#retryMs = retryMs
  }

  put (message) {
    if (this.#isClosed) return
    if (this.#waiting.length >= MOST_WAITING) {
      this.#onLost(`more than ${MOST_WAITING} messages wait, and the newest is dropped`)
      return
    }
    this.#waiting.push(message)
    if (!this.#isBusy) this.#work()
  }

  /** What waits is dropped; what is under way may still arrive. */
  close () {
    this.#isClosed = true
    this.#waiting = []
    clearTimeout(this.#timer)
  }

  async #work () {
    this.#isBusy = true
    while (this.#waiting.length > 0) await this.#send(this.#waiting.shift())
    this.#isBusy = false
  }

  async #send (message) {
    for (let tries = 0; !this.#isClosed; tries++) {
      try {
        await this.#deliver(message)
        return
      } catch (error) {
        if (error.mayPass !== true || tries === this.#retryMs.length) {
          this.#onLost(`${messageOf(error)}${tries > 0 ? `, at the last of ${tries + 1} tries` : ''}`, error)
          return
        }
        await this.#pause(this.#retryMs[tries] * (0.5 + Math.random()))
      }
    }
  }

  #pause (ms) {
    return new Promise((resolve) => {
      this.#timer = setTimeout(resolve, ms)
      this.#timer.unref?.()
    })
  }
}

module.exports = { DeliveryError, MOST_WAITING, Outbox }
