'use strict'

const { isBetter, keyOf } = require('./place')
const { isMap, isReadable, isSet, isArray } = require('./read')
const { isEmitter, sizeOf } = require('./shape')

const MAX_RECORDS = 6000
/** Counting a dictionary may take this share of the time: one that took 10 ms is counted after 2 s. */
const BUDGET = 0.005
/** An array or dictionary this small is only noted where a name leads straight to it. */
const NOTED_SIZE = 32
const NOTED_DISTANCE = 6
/** What is counted by going through it. */
const SLOW = new Set(['object', 'timers', 'entries', 'chain'])
const LISTS = new Set(['array', 'object', 'emitter', 'chain'])
/** A string has no identity: what is known of it is where it hangs, and whether it did at the last walk. */
const TEXT = Object.freeze({})
const HANGS = /** @type {WeakRef<object>} */ ({ deref: () => TEXT })
const GONE = /** @type {WeakRef<object>} */ (/** @type {unknown} */ ({ deref: () => undefined }))

/**
 * The sizes of containers over time. Of a container it keeps a WeakRef, strings and numbers.
 *
 * @typedef {{
 *   key: string, place: import('./place').Place, shape: import('./shape').Shape, type: string,
 *   ref: WeakRef<object>, owner?: WeakRef<object>, first: Count, last: Count, counts: number, rises: number, falls: number,
 *   lastRise: number, jump: number, seenAt: number, slowMs: number
 * }} Record
 * `jump` is the factor of the last rise.
 * @typedef {{at: number, size: number}} Count `at` in milliseconds, monotonic
 */
class Ledger {
  full = false
  #walkBegan = 0
  /** @type {Record[]} */
  #records = []
  /** @type {WeakMap<object, Record>} */
  #byContainer = new WeakMap()
  /** @type {Map<string, Record>} the newest of each key */
  #byKey = new Map()

  /**
   * @param {object} container
   * @param {{shape: import('./shape').Shape, type: string, size: number | undefined, place: import('./place').Place, owner?: object}} seen
   *   `owner`: what has it as a property
   * @param {number} at
   */
  note (container, { shape, type, size, place, owner }, at) {
    const known = this.#byContainer.get(container)
    if (known !== undefined) {
      known.seenAt = at
      if (isBetter(place, known.place)) this.#rename(known, place, owner)
      if (size !== undefined && at > known.last.at) count(known, size, at)
      return
    }
    if (size === undefined || (size < NOTED_SIZE && LISTS.has(shape) && !(place.rank <= 2 && place.distance <= NOTED_DISTANCE))) return
    const key = keyOf(place)
    const former = this.#byKey.get(key)
    if (former !== undefined && former.shape === shape && this.#isReplaced(former)) {
      // A new one in the place of one that is gone: `list = list.concat(item)`.
      const gone = former.ref.deref()
      if (gone !== undefined) this.#byContainer.delete(gone)
      former.ref = new WeakRef(container)
      former.owner = owner && new WeakRef(owner)
      former.seenAt = at
      this.#byContainer.set(container, former)
      count(former, size, at)
      return
    }
    if (this.#records.length >= MAX_RECORDS) {
      this.full = true
      return
    }
    this.#byContainer.set(container, this.#add({ key, place, shape, type, ref: new WeakRef(container), owner: owner && new WeakRef(owner) }, size, at))
  }

  /** Not by `...`: V8 gives each object that it makes of one a hidden class of its own, which takes 460 bytes. */
  #add ({ key, place, shape, type, ref, owner }, size, at) {
    const record = { key, place, shape, type, ref, owner, first: { at, size }, last: { at, size }, counts: 1, rises: 0, falls: 0, jump: 1, lastRise: at, seenAt: at, slowMs: 0 }
    this.#records.push(record)
    this.#byKey.set(record.key, record)
    return record
  }

  /**
   * A long string. Counted by walks only.
   * @param {import('./place').Place} place
   * @param {number} length
   * @param {number} at
   */
  noteText (place, length, at) {
    const key = keyOf(place)
    const known = this.#byKey.get(key)
    if (known?.shape === 'text') {
      known.ref = HANGS
      if (at > known.last.at) count(known, length, at)
    } else if (known === undefined && this.#records.length < MAX_RECORDS) {
      this.#add({ key, place, shape: 'text', type: 'string', ref: HANGS, owner: undefined }, length, at)
    }
  }

  /** @param {number} at when a walk begins */
  beginWalk (at) {
    this.#walkBegan = at
  }

  /**
   * @param {number} at
   * @param {boolean} isComplete whether what the walk did not meet is not there: strings that are short now, or gone
   */
  endWalk (at, isComplete) {
    if (!isComplete) return
    for (const record of this.#records) {
      if (record.ref !== HANGS || record.last.at >= this.#walkBegan) continue
      record.ref = GONE
      count(record, 0, at)
    }
  }

  /** Collected, or met by earlier walks and not by this one. What is one of many is not told apart. */
  #isReplaced ({ key, ref, seenAt }) {
    return ref.deref() === undefined || (seenAt < this.#walkBegan && !key.includes('[…]'))
  }

  /**
   * Counts again what is known.
   * @param {number} at
   * @param {{slow: boolean, clock: () => number, full: () => boolean}} options `slow`: also what has its turn only later
   * @returns {Iterator<void>} stops where the slice is full, to be resumed in the next
   */
  * recount (at, { slow, clock, full }) {
    let work = 0
    for (const record of this.#records) {
      if (++work % 64 === 0 && full()) yield
      if (record.last.at >= at || (!slow && at - record.last.at < record.slowMs / BUDGET)) continue
      const container = record.ref.deref()
      if (container === undefined || !isStill(container, record.shape)) continue
      const began = clock()
      try {
        count(record, sizeOf(container, record.shape), at)
      } catch {
        continue
      }
      if (SLOW.has(record.shape)) record.slowMs = clock() - began
    }
  }

  /** Drops what is gone for good. */
  prune (before) {
    this.#records = this.#records.filter((record) => {
      const keeps = record.ref.deref() !== undefined || record.last.at >= before
      if (!keeps && this.#byKey.get(record.key) === record) this.#byKey.delete(record.key)
      return keeps
    })
  }

  /** @returns {Record[]} */
  all () {
    return this.#records.filter(({ ref }) => ref.deref() !== undefined)
  }

  /** @returns {Record | undefined} */
  recordOf (container) {
    return this.#byContainer.get(container)
  }

  #rename (record, place, owner) {
    if (this.#byKey.get(record.key) === record) this.#byKey.delete(record.key)
    record.owner = owner && new WeakRef(owner)
    record.place = place
    record.key = keyOf(place)
    this.#byKey.set(record.key, record)
  }
}

function count (record, size, at) {
  record.counts++
  if (size > record.last.size) {
    record.rises++
    record.jump = size / Math.max(1, record.last.size)
    record.lastRise = at
  } else if (size < record.last.size) {
    record.falls++
  }
  record.last = { at, size }
}

function isStill (container, shape) {
  if (!isReadable(container)) return false
  if (shape === 'map') return isMap(container)
  if (shape === 'set') return isSet(container)
  if (shape === 'array') return isArray(container)
  if (shape === 'emitter') return isEmitter(container)
  return shape !== 'text'
}

module.exports = { Ledger }
