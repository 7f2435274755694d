'use strict'

const { performance } = require('node:perf_hooks')
const { lazily } = require('../../spare-descriptor')

/** At most this many places are remembered, and of each this many emitters. */
const MOST_PLACES = 32
const MOST_EMITTERS = 8

/** With the first warning: most processes have none. */
const reading = lazily(() => require('./finding'))

/**
 * Node.js warns once of each emitter that got more listeners for an event than it should. This
 * remembers where that was, and counts later how many there are now. The emitter is held weakly;
 * Node.js prints its warning whoever else listens for it.
 *
 * An `EvidenceSource`, see `suspect.js`.
 */
class ListenerWarnings {
  cost = { durationMs: 0 }
  problems = []
  /** By place and event. */
  #places = new Map()
  #running = false
  #onWarning = (warning) => this.#warned(warning)

  start () {
    if (this.#running) return
    this.#running = true
    process.on('warning', this.#onWarning)
  }

  stop () {
    this.#running = false
    process.removeListener('warning', this.#onWarning)
    this.#places.clear()
  }

  tick () {}

  /** @returns {Promise<import('../suspect').Finding[]>} */
  async findings () {
    const startedAt = performance.now()
    const findings = [...this.#places.values()].map((place) => reading().findingOf(place))
    this.cost.durationMs += performance.now() - startedAt
    return findings
  }

  #warned (warning) {
    const startedAt = performance.now()
    try {
      const read = reading().readWarning(warning)
      if (read !== undefined) this.#remember(read)
    } catch {
      // What cannot be read is no evidence, and the app must not notice.
    }
    this.cost.durationMs += performance.now() - startedAt
  }

  #remember ({ emitter, event, type, name, location, count }) {
    const key = `${type} '${name}'${location === null ? '' : ` at ${location.file}:${location.line}`}`
    let place = this.#places.get(key)
    if (place === undefined) {
      if (this.#places.size >= MOST_PLACES) return
      place = { name, type, location, count: 0, warnings: 0, emitters: [] }
      this.#places.set(key, place)
    }
    place.warnings++
    place.count += count
    if (place.emitters.length >= MOST_EMITTERS) place.emitters.shift()
    place.emitters.push({ ref: new WeakRef(emitter), event })
  }
}

module.exports = { ListenerWarnings }
