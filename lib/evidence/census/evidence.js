'use strict'

const { setTimeout } = require('node:timers')
const { named } = require('../../names')
const { memoryInUse } = require('../memory-in-use')
const { besideOf, capOf } = require('./beside')
const { contentsOf, routesHeldBy, sampleOf } = require('./contents')
const { expiryOf } = require('./expiry')
const { growthOfKind, kindsOf, steadiness, toFindings } = require('./finding')
const { mayHideDictionary } = require('./large-objects')
const { Ledger } = require('./ledger')
const { own } = require('./read')
const { Scopes } = require('./scopes')
const { Slices, now } = require('../../slices')
const { listenersOf } = require('./shape')
const { timedBy } = require('./timed')
const { Walk } = require('./walk')

/** Time between the first two walks of a suspicion, twice as much between the next, and so on. */
const WALK_INTERVAL_MS = 10000
const WALK_LIMIT_MS = 4000
/** The last walk is waited for by the 'leak' event. */
const LAST_WALK_LIMIT_MS = 700
/** Walks of one suspicion. */
const MAX_WALKS = 12
/** Milliseconds after which a container that is gone is forgotten: another one under its name is a new one. */
const FORGET_MS = 60000
const MAX_SAMPLED = 24
/** What has entries that can be taken out by their keys. */
const MAY_BE_TIMED = new Set(['map', 'set', 'object'])

/** @typedef {import('../suspect').EvidenceSource} EvidenceSource */

/**
 * Names containers that grow: walks from what is known by name when a suspicion begins, counts again
 * what it found every time it is told the time, and walks anew now and then for what came later.
 * No collection is asked for. Between slices of 4 ms it keeps WeakRefs, names and numbers.
 *
 * @implements {EvidenceSource}
 */
class CensusEvidence {
  cost = { durationMs: 0, longestSliceMs: 0, walks: 0 }
  isBounding = true
  /** @type {string[]} */
  problems = []
  #means
  #walkIntervalMs
  #ledger = new Ledger()
  /** Functions of dependencies whose variables were read: those seldom change hands. */
  #read = new WeakSet()
  #running = false
  /** There may be dictionaries that are too large to be listed. */
  #careful = false
  /** Of the last walk. @type {WeakRef<WeakMap<object, unknown>>[]} */
  #weakMaps = []
  /** The walk that is under way, and what bounds it. @type {Promise<void> | null} */
  #walking = null
  /** @type {InstanceType<typeof Slices> | null} */
  #slices = null
  #walkedAt = -Infinity
  /** Walks that this suspicion began. */
  #begun = 0

  /**
   * @param {import('../sources').Means} [means]
   * @param {number} [walkIntervalMs] between the first two walks
   */
  constructor (means = {}, walkIntervalMs = WALK_INTERVAL_MS) {
    this.#means = means
    this.#walkIntervalMs = walkIntervalMs
  }

  start () {
    if (this.#running) return
    this.#running = true
    this.#ledger = new Ledger()
    this.#read = new WeakSet()
    this.#walkedAt = -Infinity
    this.#begun = 0
    setTimeout(() => { if (this.#running && this.#begun === 0) this.#walk(WALK_LIMIT_MS) }, 1).unref()
  }

  tick () {
    if (!this.#running || this.#walking !== null) return
    if (now() - this.#walkedAt >= this.#walkIntervalMs * 2 ** (this.#begun - 1) && this.#begun < MAX_WALKS) this.#walk(WALK_LIMIT_MS)
    else this.#recount({ slow: false }).catch((error) => this.#failed(error))
  }

  stop () {
    this.#running = false
    this.#slices?.hurry(0)
    this.#walking = this.#slices = null
    this.#ledger = new Ledger()
  }

  /** @returns {Promise<import('../suspect').Finding[]>} */
  async findings () {
    try {
      const ledger = this.#ledger
      if (this.#running && this.#walking === null && now() - this.#walkedAt >= this.#walkIntervalMs) this.#walk(LAST_WALK_LIMIT_MS)
      this.#slices?.hurry(LAST_WALK_LIMIT_MS)
      await this.#walking
      await this.#recount({ slow: true })
      return await this.#describeGrown(ledger)
    } catch (error) {
      this.#failed(error)
      return []
    }
  }

  #walk (limitMs) {
    this.#begun++
    const ledger = this.#ledger
    const slices = new Slices({ limitMs })
    this.#slices = slices
    this.#walking = this.#walkInto(ledger, slices).catch((error) => this.#failed(error)).finally(() => {
      this.#account(slices)
      if (this.#ledger !== ledger) return
      this.cost.walks++
      this.#walking = this.#slices = null
      this.#walkedAt = now()
      ledger.prune(now() - FORGET_MS)
    })
  }

  async #walkInto (ledger, slices) {
    const { scopes, problem } = Scopes.open(this.#means)
    if (problem !== undefined) this.#problem(problem)
    ledger.beginWalk(now())
    const walk = new Walk({
      scopes,
      slices,
      read: this.#read,
      found: (container, seen) => ledger.note(container, seen, now()),
      foundText: (place, length) => ledger.noteText(place, length, now())
    })
    try {
      await walk.run()
    } finally {
      scopes?.close()
    }
    ledger.endWalk(now(), scopes !== undefined && !walk.truncated)
    this.#weakMaps = walk.weakMaps
    walk.problems.forEach((problem) => this.#problem(problem))
  }

  async #recount ({ slow }) {
    const slices = new Slices({ limitMs: 300 })
    const counting = this.#ledger.recount(now(), { slow, clock: now, full: () => slices.full })
    while (!counting.next().done && !slices.over) await slices.turn()
    this.#account(slices)
  }

  async #describeGrown (ledger) {
    const slices = new Slices({ limitMs: 300 })
    const { scopes } = Scopes.open(this.#means)
    this.#careful = mayHideDictionary(ledger.all())
    try {
      const described = []
      const memory = memoryInUse()
      const timers = timersOf(ledger.all())
      for (const kind of kindsOf(ledger.all()).slice(0, MAX_SAMPLED)) {
        const container = livingOf(kind)
        if (container !== undefined) described.push(this.#look(kind, container, { scopes, memory, timers }))
        if (slices.over) break
        if (slices.full) await slices.turn()
      }
      return toFindings(described)
    } finally {
      scopes?.close()
      this.#account(slices)
    }
  }

  #look ({ record, kin }, container, { scopes, memory, timers }) {
    const size = kin.reduce((sum, { last }) => sum + last.size, record.last.size)
    const entries = growthOfKind({ record, kin })
    const weakMaps = this.#weakMaps.map((ref) => ref.deref()).filter((weakMap) => weakMap !== undefined)
    const owner = record.owner?.deref()
    const sample = sampleOf(container, record.shape)
    const { numbers, lists } = besideOf(owner, container, scopes, this.#careful)
    const contents = contentsOf(container, record.shape, { scopes, careful: this.#careful, weakMaps, mostPerEntry: memory / size, beside: lists, sample })
    const held = (this.#means.held?.() ?? []).map(({ route, ref }) => ({ route, request: ref.deref() })).filter(({ request }) => request !== undefined)
    const routes = new Set([...routesHeldBy(container, record.shape, held, this.#careful), ...contents.routes.slice(0, 1)])
    return {
      record,
      kin,
      entries,
      contents,
      routes: [...routes],
      event: record.shape === 'emitter' ? listenersOf(container) : undefined,
      cap: capOf({ container, owner, record, numbers, lists }),
      expiry: expiryOf(sample, this.#careful) ?? (MAY_BE_TIMED.has(record.shape) ? timedBy({ size, name: record.place.name }, timers, scopes) : undefined),
      growth: entries * contents.bytesPerEntry,
      bytes: size * contents.bytesPerEntry,
      confidence: steadiness(record),
      siblings: []
    }
  }

  #account (slices) {
    slices.end()
    this.cost.durationMs += slices.durationMs
    this.cost.longestSliceMs = Math.max(this.cost.longestSliceMs, slices.longestMs)
  }

  #failed (error) {
    // The message may hold what the app calls its data.
    this.#problem(`The census failed: ${named(String(own(error, 'message')))}. This is a bug in tidemark.`)
  }

  #problem (text) {
    if (!this.problems.includes(text) && this.problems.length < 10) this.problems.push(text)
  }
}

/** The lists of timers that are known. */
function timersOf (records) {
  return records.filter(({ shape }) => shape === 'timers')
    .map(({ ref, last }) => ({ list: ref.deref(), size: last.size }))
    .filter(({ list }) => list !== undefined)
}

/** Any container of the kind: they hold the same. */
function livingOf ({ record, kin }) {
  for (const { ref } of [record, ...kin]) {
    const container = ref.deref()
    if (container !== undefined) return container
  }
  return undefined
}

module.exports = { CensusEvidence }
