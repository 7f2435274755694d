'use strict'

const { EventEmitter } = require('node:events')
const { createError } = require('./errors')
const { ownClasses } = require('./evidence/own-files')
const { STOPPED } = require('./health')
const { readOptions } = require('./options')
const { Publisher } = require('./publish')
const { Session } = require('./session')

/** Listening to one of these starts the monitor. */
const EVENTS = ['leak', 'leak-evidence', 'recovered', 'critical', 'previous-run', 'stats', 'gc']

/**
 * Watches the isolate that it runs in and tells by events what it finds. `require('tidemark')` is
 * one; a thread needs no second. This is its face: options, listeners, and when a session begins and ends.
 */
class Monitor extends EventEmitter {
  #binding
  #preset
  /** Started by `start()` rather than by a listener: then only `stop()` ends it. */
  #explicit = false
  /** Everything that lives from start to stop. @type {InstanceType<typeof import('./session').Session> | null} */
  #session = null
  #publisher = new Publisher(this)
  #onAdded = (event) => this.#listenerAdded(event)
  #onRemoved = (event) => this.#listenerRemoved(event)

  /**
   * @param {typeof import('../binding')} binding the native module, or a fake of it in tests
   * @param {() => object | undefined} [preset] options that hold where `start(options)` does not say otherwise
   */
  constructor (binding, preset = () => undefined) {
    super()
    this.#binding = binding
    this.#preset = preset
    this.#followListeners()
  }

  /** EventEmitter's own; without an event it would also take away what starts and stops us. */
  removeAllListeners (...events) {
    super.removeAllListeners(...events)
    this.#followListeners()
    if (this.#session !== null) this.#listenersChanged()
    return this
  }

  /**
   * Installs the hook. After an implicit start by a listener, options start it anew with them.
   * @param {object} [options] see index.d.ts
   * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION, ERR_TIDEMARK_ALREADY_STARTED
   */
  start (options) {
    const wanted = this.#wanted(options)
    if (this.#session !== null && (options === undefined || sameOptions(wanted, this.#session.options))) {
      this.#explicit = true
      return this
    }
    if (this.#session !== null && this.#explicit) throw createError('ERR_TIDEMARK_ALREADY_STARTED')
    this.#end()
    this.#begin(wanted)
    this.#explicit = true
    return this
  }

  /** Takes the hook away and forgets what was seen; listeners stay. Stopping twice does nothing. */
  stop () {
    this.#end()
    this.#explicit = false
    return this
  }

  /** A full collection, now and synchronously; one 'stats' follows. */
  gc () {
    if (this.#session === null) require('./collect-garbage').collectGarbage(this.#binding)
    else this.#session.gc()
  }

  /** The state now, by channel, and how tidemark itself is. */
  status () {
    return this.#session?.status() ?? { running: false, state: 'stopped', channels: {}, problems: [] }
  }

  /** Whether the process can go on, as of the last sample. Costs nothing. */
  health () {
    return this.#session === null ? STOPPED : this.#session.health
  }

  /** The ring of samples after full GCs, and the coarse history behind it; both oldest first. */
  history () {
    return this.#session?.history() ?? { samples: [], coarse: [] }
  }

  #followListeners () {
    super.off('newListener', this.#onAdded).off('removeListener', this.#onRemoved)
    super.on('newListener', this.#onAdded).on('removeListener', this.#onRemoved)
  }

  #listenerAdded (event) {
    if (!EVENTS.includes(event)) return
    const session = this.#session ?? this.#begin(this.#wanted())
    session.listen(event)
  }

  #listenerRemoved (event) {
    if (EVENTS.includes(event) && this.#session !== null) this.#listenersChanged()
  }

  #listenersChanged () {
    const listening = EVENTS.some((name) => this.listenerCount(name) > 0)
    if (listening || this.#explicit) this.#session?.listen()
    else this.#end()
  }

  #wanted (options) {
    const given = readOptions(options)
    const preset = this.#preset()
    if (preset === undefined) return given
    const named = Object.keys(options ?? {}).filter((name) => options[name] !== undefined)
    return readOptions({ ...preset, ...Object.fromEntries(named.map((name) => [name, given[name]])) })
  }

  #begin (options) {
    const session = new Session(this, this.#binding, options, this.#publisher)
    this.#session = session
    session.start()
    return session
  }

  #end () {
    const session = this.#session
    this.#session = null
    session?.end()
  }
}

ownClasses.add(Monitor)

function sameOptions (one, other) {
  return Object.keys(one).every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]))
}

module.exports = { Monitor }
