'use strict'

const { channel: diagnosticsChannel } = require('node:diagnostics_channel')
const { createError, placeOf } = require('./errors')

/** At most this many kinds of warnings a process, because nobody reads more. */
const MOST_WARNINGS = 20

/** Events that a diagnostics_channel carries too. */
const diagnostics = Object.fromEntries(['leak', 'leak-evidence', 'recovered', 'critical', 'previous-run', 'stats', 'gc', 'error'].map((event) => [event, diagnosticsChannel(`tidemark:${event}`)]))

/** The chapters of a leak's story that are public events. The others are for tidemark's own integrations. */
const EVENT_OF = { reported: 'leak', evidence: 'leak-evidence', critical: 'critical', recovered: 'recovered' }

/** Who follows the story of each monitor. @type {WeakMap<object, Set<Follower>>} */
const followersOf = new WeakMap()

/**
 * One chapter of the story of a monitor's leaks:
 *
 * | chapter | when | what comes with it |
 * |---|---|---|
 * | `started` `stopped` | the monitor was | nothing; what was known of leaks is void |
 * | `state` | a channel's state changed, as `status()` shows it | `{ channel, from, to, time }` |
 * | `suspected` | a growth may be a leak | `{ channel, time }` |
 * | `reported` | the app is told, or told that it got worse | the 'leak' event |
 * | `evidence` | suspects were found later | the 'leak-evidence' event |
 * | `health` | `health()` has another state | `{ from, state, reason, channel, timeToLimitMs, limit, time }` |
 * | `critical` | little time or memory is left; once until all is well again | the 'critical' event |
 * | `recovered` | a reported leak ended | the 'recovered' event |
 *
 * @typedef {{
 *   started: {},
 *   stopped: {},
 *   state: {channel: import('..').Channel, from: import('..').State, to: import('..').State, time: Date},
 *   suspected: {channel: import('..').Channel, time: Date},
 *   reported: import('..').Leak,
 *   evidence: import('..').LeakEvidence,
 *   health: {from: string, channel: import('..').Channel | null, time: Date} & Omit<import('..').Health, 'ok'>,
 *   critical: import('..').Critical,
 *   recovered: import('..').Recovered
 * }} Chapters what comes with each
 *
 * @typedef {{[C in keyof Chapters]: [chapter: C, details: Chapters[C]]}[keyof Chapters]} Chapter
 * @typedef {(...chapter: Chapter) => void} Follower
 */

/**
 * Subscribes an integration to the story of a monitor's leaks, also over stops and starts. It hears of each
 * chapter before the app's listeners do, and neither starts the monitor nor keeps it running.
 * @param {object} monitor
 * @param {Follower} follower
 * @param {{first?: boolean}} [options] first: before those that are there, who read what it adds to the details
 * @returns {() => void} ends the subscription
 */
function followLeaks (monitor, follower, { first = false } = {}) {
  const followers = followersOf.get(monitor) ?? new Set()
  followersOf.set(monitor, first ? new Set([follower, ...followers]) : followers.add(follower))
  return () => { followersOf.get(monitor)?.delete(follower) }
}

/**
 * Starts a monitor and keeps it running, as any listener does. Unlike `start()` that leaves it to the app to start it
 * anew with options of its own, and unlike the app's listeners it does not go away with a `once('leak')`.
 * @param {import('node:events').EventEmitter} monitor
 * @returns {() => void} lets it stop
 */
function keepRunning (monitor) {
  const keeps = () => {}
  monitor.on('recovered', keeps)
  return () => { monitor.off('recovered', keeps) }
}

/** Brings events to the listeners of a monitor. What a listener throws is the app's bug, and must not end the app. */
class Publisher {
  #monitor
  /** Topics whose errors were a process warning already. */
  #warned = new Set()

  /** @param {import('node:events').EventEmitter} monitor */
  constructor (monitor) {
    this.#monitor = monitor
  }

  /** @returns {boolean} whether anybody hears of an event */
  hasListeners (event) {
    return this.#monitor.listenerCount(event) > 0 || diagnostics[event]?.hasSubscribers === true
  }

  /** The next chapter of the story, see `Follower`. */
  tell (chapter, details = {}) {
    for (const follower of followersOf.get(this.#monitor) ?? []) {
      try {
        follower(chapter, details)
      } catch (error) {
        this.reportError('follower', createError('ERR_TIDEMARK_INTERNAL', [`What follows leaks failed at '${chapter}'`], { cause: error }))
      }
    }
    if (Object.hasOwn(EVENT_OF, chapter)) this.publish(EVENT_OF[chapter], details)
  }

  publish (event, payload) {
    if (diagnostics[event]?.hasSubscribers) diagnostics[event].publish(payload)
    this.#call(event, payload, (error) => this.#listenerThrew(event, error))
  }

  /** What failed where nobody called: an 'error' event, or else a process warning. `topic`: of each one warning. */
  reportError (topic, error) {
    const warn = () => this.#warn(topic, error)
    if (diagnostics.error.hasSubscribers) diagnostics.error.publish(error)
    if (this.#monitor.listenerCount('error') === 0) warn()
    else this.#call('error', error, warn)
  }

  #listenerThrew (event, cause) {
    this.reportError(event, createError('ERR_TIDEMARK_LISTENER', [event, cause], { cause }))
  }

  /** As `emit` does, but what a listener throws, or rejects with, goes to `threw`, and the next one is called too. */
  #call (event, payload, threw) {
    for (const listener of this.#monitor.rawListeners(event)) {
      try {
        const result = Reflect.apply(listener, this.#monitor, [payload])
        if (result instanceof Promise) result.catch(threw)
      } catch (error) {
        threw(error)
      }
    }
  }

  /** Once a topic: what throws for every collection must not flood the log. */
  #warn (topic, error) {
    if (this.#warned.has(topic) || this.#warned.size >= MOST_WARNINGS) return
    this.#warned.add(topic)
    // Node.js prints no causes.
    process.emitWarning(Object.assign(error, { detail: placeOf(error.cause) }))
  }
}

module.exports = { Publisher, followLeaks, keepRunning }
