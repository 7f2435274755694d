'use strict'

const { followLeaks } = require('../publish')
const { sessionOf } = require('../session')

/** A series that was there stays, and Prometheus keeps each for weeks. */
const MOST_LEAKS = 8

/** The newest leaks that were reported, and which of them go on: a follower of a monitor's story. */
class ActiveLeaks {
  /** By channel and signature, the oldest first. @type {Map<string, {channel: string, signature: string, isActive: boolean}>} */
  #leaks = new Map()
  #unfollow

  /** @param {import('../..').Tidemark} monitor */
  constructor (monitor) {
    for (const { channel, signature } of sessionOf(monitor)?.reportedLeaks ?? []) this.#begin(channel, signature)
    this.#unfollow = followLeaks(monitor, this.#follow)
  }

  all () {
    return [...this.#leaks.values()]
  }

  close () {
    this.#unfollow()
  }

  /** @type {import('../publish').Follower} */
  #follow = (chapter, details) => {
    if (chapter === 'stopped') this.#leaks.clear()
    if (chapter === 'recovered') this.#end(details.channel, details.signature)
    if (chapter === 'reported') this.#begin(details.channel, details.signature)
  }

  #begin (channel, signature) {
    const key = JSON.stringify([channel, signature])
    this.#leaks.delete(key)
    // What goes on is at most one leak a channel, and so never too many.
    const ended = [...this.#leaks].filter(([, { isActive }]) => !isActive).slice(0, Math.max(0, this.#leaks.size + 1 - MOST_LEAKS))
    for (const [old] of ended) this.#leaks.delete(old)
    this.#leaks.set(key, { channel, signature, isActive: true })
  }

  #end (channel, signature) {
    const leak = this.#leaks.get(JSON.stringify([channel, signature]))
    if (leak !== undefined) leak.isActive = false
  }
}

module.exports = { ActiveLeaks, MOST_LEAKS }
