'use strict'

const { types: { isTypedArray } } = require('node:util')
const { dataProperty } = require('../data-property')

const byteLengthOf = /** @type {() => number} */ (Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength')?.get)

/** At most this many requests wait for two full GCs, and at most this many that outlived them are watched further. */
const MOST_PENDING = 32
const MOST_KEPT = 32
/** New ones between two looks, spread over the requests of that time. */
const NEW_A_LOOK = 6
/** Full GCs that a request must outlive. One may have been under way when it was first seen. */
const GCS_TO_OUTLIVE = 2
/** Full GCs after which a request that never ended is dropped, because an idle connection holds its last one. */
const PATIENCE_GCS = 8

/** Objects that belong to one request alone, and are often kept without it. */
const PARTS = ['body', 'file', 'files', 'query']
const SHARED = Symbol('two requests have the same part')

/**
 * A request that is over; `part`: what belongs to it alone; `epoch` `since`: full GCs when it was looked at last, and first.
 * @typedef {{
 *   req: WeakRef<object>,
 *   res: WeakRef<object>,
 *   part: {ref: WeakRef<object>, bytes: number} | null,
 *   epoch: number | null,
 *   since: number | null,
 *   partOnly: boolean
 * }} Item
 */

/**
 * A bounded sample of the requests of one route that are over, held weakly, to see which of them
 * outlive two full GCs.
 *
 * To look at a WeakRef while V8 marks keeps its target for that collection. So a target is looked at
 * only when two full GCs were finished since the last look: the second of them began after it.
 */
class Retention {
  #pending = []
  #kept = []
  /** Requests until the next one is taken, and how many there were since the last look. */
  #skip = 0
  #every = 1
  #offered = 0
  #taken = 0
  /** Judged so far; of those: collected, and kept by a part of them only. */
  #judged = 0
  #collected = 0
  #partsOnly = 0
  /** Of those parts, the bytes that are known: of Buffers, which the heap's level does not show. */
  #partBytes = 0
  /** Kept ones that were watched further, as far as there was room, and those of them that went later. */
  #watched = 0
  #released = 0
  /** False once two requests had the same object as a part: that belongs to no request. */
  #watchesParts = true

  /**
   * A request is over.
   * @param {object} req
   * @param {object} res
   */
  offer (req, res) {
    this.#offered++
    if (this.#skip-- > 0) return
    // At random: requests often come in a rhythm.
    this.#skip = Math.floor(Math.random() * (2 * this.#every - 1))
    this.#take(req, res)
  }

  #take (req, res) {
    if (this.#taken >= NEW_A_LOOK || this.#pending.length >= MOST_PENDING) return
    this.#taken++
    this.#pending.push({
      req: new WeakRef(req),
      res: new WeakRef(res),
      part: this.#watchesParts ? partOf(req) : null,
      /** Full GCs when it was last looked at; null until the next look. */
      epoch: null,
      since: null,
      partOnly: false
    })
  }

  /**
   * @param {number} fullGcs how many there were so far
   */
  look (fullGcs) {
    this.#every = Math.max(1, Math.round(this.#offered / NEW_A_LOOK))
    this.#skip = 0
    this.#offered = 0
    this.#taken = 0
    const parts = new Set()
    this.#kept = this.#kept.filter((item) => this.#isStillKept(item, fullGcs, parts))
    this.#pending = this.#pending.filter((item) => this.#isStillPending(item, fullGcs, parts))
    if (parts.has(SHARED)) this.#forgetParts()
  }

  /**
   * @returns {{judged: number, kept: number, partsOnly: boolean, partBytes: number | null}} how many
   *   were judged, and of those are still there; the mean size of the parts, where they are Buffers
   */
  result () {
    const judgedKept = this.#judged - this.#collected
    const staying = this.#watched > 0 ? 1 - this.#released / this.#watched : 1
    const kept = Math.round(judgedKept * staying)
    const partsOnly = kept > 0 && this.#partsOnly > judgedKept / 2
    return { judged: this.#judged, kept, partsOnly, partBytes: partsOnly && this.#partBytes > 0 ? this.#partBytes / this.#partsOnly : null }
  }

  /** Those that are kept and watched. @returns {WeakRef[]} */
  refs () {
    return this.#kept.flatMap(({ req, res, part, partOnly }) => partOnly ? [part.ref] : [req, res])
  }

  /** What was judged by parts is void. */
  #forgetParts () {
    this.#watchesParts = false
    this.#pending = []
    this.#kept = []
    this.#judged = this.#collected = this.#partsOnly = this.#partBytes = this.#watched = this.#released = 0
  }

  #isStillPending (item, fullGcs, parts) {
    if (item.epoch === null) {
      item.epoch = item.since = fullGcs
      return true
    }
    if (fullGcs < item.epoch + GCS_TO_OUTLIVE) return true
    const verdict = judge(item, parts)
    if (verdict === 'excused') {
      item.epoch = fullGcs
      return fullGcs < item.since + PATIENCE_GCS
    }
    this.#judged++
    if (verdict === 'collected') {
      this.#collected++
      return false
    }
    if (verdict === 'part') {
      this.#partsOnly++
      this.#partBytes += item.part.bytes
    }
    if (this.#kept.length < MOST_KEPT) {
      this.#watched++
      item.epoch = fullGcs
      item.partOnly = verdict === 'part'
      this.#kept.push(item)
    }
    return false
  }

  #isStillKept (item, fullGcs, parts) {
    if (fullGcs < item.epoch + GCS_TO_OUTLIVE) return true
    item.epoch = fullGcs
    if (judge(item, parts) !== 'collected') return true
    this.#released++
    return false
  }
}

/** @param {Item} item @param {Set<object | symbol>} parts what was seen in this look. @returns {'collected' | 'part' | 'kept' | 'excused'} */
function judge ({ req: reqRef, res: resRef, part: taken }, parts) {
  const req = reqRef.deref()
  const res = resRef.deref()
  if (req !== undefined && isParsersOwn(req)) return 'excused'
  if (req !== undefined || res !== undefined) return 'kept'
  const part = taken?.ref.deref()
  if (part === undefined) return 'collected'
  parts.add(parts.has(part) ? SHARED : part)
  return 'part'
}

function partOf (req) {
  for (const name of PARTS) {
    const value = dataProperty(req, name)
    if (typeof value === 'object' && value !== null) return { ref: new WeakRef(value), bytes: isTypedArray(value) ? Reflect.apply(byteLengthOf, value, []) : 0 }
  }
  return null
}

/** Node's HTTP parser holds the last request of a connection until the next one comes, or its end. */
function isParsersOwn (req) {
  return dataProperty(dataProperty(dataProperty(req, 'socket'), 'parser'), 'incoming') === req
}

module.exports = { Retention }
