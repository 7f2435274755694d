'use strict'

const { performance } = require('node:perf_hooks')
const { setTimeout, clearTimeout } = require('node:timers')
const { messageOf, sentence } = require('../errors')
const { OwnGrowth } = require('./own-growth')
const { excuseOf, tellMisfits } = require('./excuse')
const { rank } = require('./rank')

/** How often a claim that the evidence itself may explain is checked again, and after how long it is believed without an answer. */
const RECHECK_MS = 2000
const BELIEVE_MS = 90000

/** How long evidence collection continues after a suspicion ends, because suspicions often return. */
const LINGER_MS = 20000

/** How long sources collect before their findings are used, because the first seconds show too little. */
const RIPE_MS = 15000

/** How long each source is waited for, at most. */
const PATIENCE_MS = 3000

/** The share of the time left to a limit that waiting for evidence may take, because the report must come in time. */
const PATIENCE_SHARE = 1 / 8

/** How long until a source that could not be loaded is tried again. */
const RETRY_MS = 10000

/** How long after its report a leak is looked at once more, or after this share of the time left to its limit. */
const FOLLOW_UP_MS = 30000
const FOLLOW_UP_SHARE = 1 / 2

/**
 * The ladder: collects evidence while a channel is suspicious or leaking, and
 * never otherwise, so that the 'leak' event can name what grows. The most expensive source, heap snapshots,
 * is used only after a leak was reported, and what it finds comes with the second look. The sources are made by the first
 * suspicion; a process that never has one pays for nothing here. One that cannot be made leaves the others alone.
 */
class Evidence {
  #createSource
  /** By name; none while there was no suspicion. @type {Record<string, import('./suspect').EvidenceSource>} */
  #sources = {}
  /** Those that collect as long as the monitor runs; it starts and stops them. */
  #standing
  /** Those that could not be made, by name: why. They are tried again. */
  #missing = new Map()
  #retryAt = Infinity
  #names
  #running = false
  /** Channels that are suspect or leaking. */
  #restless = new Set()
  /** Channels with a reported leak that has not recovered. */
  #reported = new Set()
  #startedAt = 0
  #ownGrowth = new OwnGrowth()
  #stopAt = Infinity
  #followUpAt = Infinity
  #problems = new Set()
  #patienceMs

  /**
   * @param {string[]} names of the sources that are wanted
   * @param {(name: string, sources: Record<string, import('./suspect').EvidenceSource>) => import('./suspect').EvidenceSource} createSource
   *   `sources`: those that there are already
   * @param {Record<string, import('./suspect').EvidenceSource>} [standing] those that collect as long as the monitor runs
   * @param {number} [patienceMs] how long a source is waited for
   */
  constructor (names, createSource, standing = {}, patienceMs = PATIENCE_MS) {
    this.#names = names
    this.#standing = standing
    this.#patienceMs = patienceMs
    this.#createSource = createSource
  }

  /** Whether sources collect at the moment. */
  get running () {
    return this.#running
  }

  get problems () {
    for (const [, source] of this.#all()) this.#note(source)
    return [...this.#problems, ...[...this.#missing].map(([name, why]) =>
      `The evidence of '${name}' could not be loaded and is missing: ${sentence(why)} ${this.#running ? 'It is tried again.' : ''}`.trimEnd())]
  }

  /** What each source took of this thread so far, milliseconds. */
  get cost () {
    const cost = {}
    for (const [name, source] of this.#all()) cost[name] = source.cost.durationMs
    return cost
  }

  /**
   * A channel changed its state.
   * @param {{channel: string, to: string, event?: string}} change
   * @param {number} now milliseconds, monotonic
   */
  follow ({ channel, to, event }, now) {
    if (this.#names.length === 0 && Object.keys(this.#standing).length === 0) return
    if (to === 'suspect' || to === 'leaking') {
      this.#restless.add(channel)
      this.#stopAt = Infinity
      if (to === 'suspect' || event === 'leak') this.#start()
    } else {
      this.#restless.delete(channel)
      if (this.#restless.size === 0) this.#stopAt = now + LINGER_MS
    }
    if (event === 'recovered') this.#reported.delete(channel)
  }

  /**
   * @param {number} now milliseconds, monotonic
   * @param {{fullGcs: number, levels: Record<string, number | undefined>}} sample by channel, what the last full GC left
   * @returns {boolean} whether a reported leak is due for another look
   */
  tick (now, sample) {
    if (!this.#running) return false
    const isPending = this.#all().some(([, source]) => source.isPending === true)
    // What was begun is not thrown away: memwatch's rule calls a leak over at the first full GC that is no higher.
    if (now >= this.#stopAt && !isPending) {
      this.stop()
      return false
    }
    if (now >= this.#retryAt) this.#create(now)
    this.#ownGrowth.note(now, sample)
    const { fullGcs, levels: { heap: level } } = sample
    for (const source of Object.values(this.#sources)) this.#guard(() => source.tick(now, { fullGcs, level }))
    // Where no reported leak goes on, the look waits for one to come back.
    if (now < this.#followUpAt || isPending || this.#reported.size === 0) return false
    this.#followUpAt = Infinity
    return true
  }

  /**
   * Whether a claimed leak is one, and not what the sources themselves added.
   * @param {{channel: string, growth: number, growthRate?: number, startMs: number, timeToLimitMs?: number}} claim
   * @param {number} nowMs on the clock of `startMs`
   * @param {() => object | undefined} current the claim as it is by then; undefined where it stands no longer
   * @returns {true | Promise<boolean>} true where there is no doubt
   */
  certain (claim, nowMs, current) {
    const now = performance.now()
    const { timeToLimitMs: leftMs = Infinity } = claim
    if (!this.#running || leftMs * PATIENCE_SHARE < BELIEVE_MS || !this.#ownGrowth.mayExplain(claim, now, nowMs)) return true
    return this.#ownGrowth.goesOn(claim) === true || this.#watch(now + BELIEVE_MS, current)
  }

  /**
   * Whether a growth that was excused still is. Asks only who can say: the rest was found already, and costs more.
   * @param {{channel: string, growthRate: number | null}} leak as of `weigh`
   * @param {number} [timeLeftMs] until a limit is reached
   * @returns {Promise<string | undefined>} in words
   */
  async excuse (leak, timeLeftMs = Infinity) {
    if (!this.#running) return undefined
    const bounding = this.#all().filter(([, source]) => source.isBounding === true)
    return this.#excuse(await this.#findingsOf(bounding, leak.channel, this.#patienceMs), leak, timeLeftMs)
  }

  #excuse (findings, leak, timeLeftMs) {
    // Handles are not what containers take.
    return leak.channel === 'resources' ? undefined : excuseOf(findings, { ...leak, ageMs: leak.endMs - leak.startMs }, timeLeftMs)
  }

  async #watch (until, current) {
    for (;;) {
      await new Promise((resolve) => { setTimeout(resolve, RECHECK_MS).unref?.() })
      const claim = current()
      if (claim === undefined) return false
      const goesOn = this.#ownGrowth.goesOn(claim)
      if (goesOn === true || !this.#ownGrowth.isSmall(claim) || !this.#running) return true
      if (goesOn === undefined && performance.now() >= until) return true
    }
  }

  /**
   * What the sources found, merged and ranked; what is not there in time is left out. Answers within
   * 18 s, or an eighth of the time that is left.
   * @param {{channel: string, growthRate: number | null}} leak
   * @param {number} [timeLeftMs] until a limit is reached
   * @returns {Promise<object[]>}
   */
  async suspects (leak, timeLeftMs = Infinity) {
    return (await this.weigh(leak, timeLeftMs)).suspects
  }

  /**
   * The suspects, and why the growth may be none of a leak: a cache that fills and fits, entries that expire.
   * @param {{channel: string, growthRate: number | null, startMs?: number, endMs?: number}} leak
   * @param {number} [timeLeftMs] until a limit is reached
   * @returns {Promise<{suspects: object[], excuse: string | undefined}>}
   */
  async weigh (leak, timeLeftMs = Infinity) {
    if (!this.#running) return { suspects: [], excuse: undefined }
    const budgetMs = timeLeftMs * PATIENCE_SHARE
    const patienceMs = Math.min(this.#patienceMs, budgetMs / 2)
    await this.#ripen(performance.now() + budgetMs - patienceMs)
    const findings = await this.#findingsOf(this.#all(), leak.channel, patienceMs)
    for (const [, source] of this.#all()) await this.#guard(() => source.link?.(findings))
    const excuse = this.#excuse(findings, leak, timeLeftMs)
    tellMisfits(findings, leak.growthRate ?? 0, timeLeftMs)
    return { suspects: rank(findings, leak), excuse }
  }

  /**
   * The app knows of a leak: the moment for what is too dear for a suspicion.
   * @param {string} channel
   * @param {number} now milliseconds, monotonic
   * @param {number} [timeLeftMs] until a limit is reached
   */
  reported (channel, now, timeLeftMs = Infinity) {
    if (!this.#running) return
    this.#reported.add(channel)
    // memwatch's rule reports a leak again and again; the next report must not delay the first look.
    this.#followUpAt = Math.min(this.#followUpAt, now + Math.min(FOLLOW_UP_MS, timeLeftMs * FOLLOW_UP_SHARE))
    for (const [, source] of this.#all()) this.#guard(() => source.reported?.(channel, timeLeftMs))
  }

  /** The reported leak was looked at once more; from now on only a new suspicion is worth the cost. */
  stopUnlessPending () {
    if (this.#followUpAt === Infinity) this.stop()
  }

  /** The suspicion ended, or the monitor stops. */
  stop () {
    if (!this.#running) return
    this.#running = false
    this.#stopAt = Infinity
    this.#followUpAt = Infinity
    for (const source of Object.values(this.#sources)) {
      this.#guard(() => source.stop())
      this.#note(source)
    }
  }

  #start () {
    if (this.#running) return
    this.#running = true
    this.#startedAt = performance.now()
    this.#ownGrowth.begin(this.#startedAt)
    for (const source of Object.values(this.#sources)) this.#guard(() => source.start())
    this.#create(this.#startedAt)
  }

  /** Makes those that are missing, and starts them: one in each turn of the event loop, since their files take a few milliseconds to load. */
  #create (now, names = this.#names) {
    const left = names.filter((name) => !Object.hasOwn(this.#sources, name) && !Object.hasOwn(this.#standing, name))
    if (!this.#running || left.length === 0) return
    const [name, ...others] = left
    this.#make(name)
    this.#retryAt = this.#missing.size > 0 ? now + RETRY_MS : Infinity
    if (others.length > 0) setTimeout(() => this.#guard(() => this.#create(now, others)), 1).unref?.()
  }

  /** Makes one and starts it. */
  #make (name) {
    try {
      this.#sources[name] = this.#createSource(name, this.#sources)
      this.#missing.delete(name)
    } catch (error) {
      this.#missing.set(name, messageOf(error))
      return
    }
    this.#guard(() => this.#sources[name].start())
  }

  /** Where nobody suspected anything before the leak was certain, the sources have only begun. */
  async #ripen (deadline) {
    const until = Math.min(this.#startedAt + RIPE_MS, deadline)
    const leftMs = until - performance.now()
    if (leftMs > 0) await new Promise((resolve) => { setTimeout(resolve, leftMs).unref?.() })
  }

  #all () {
    return Object.entries({ ...this.#sources, ...this.#standing })
  }

  async #findingsOf (sources, channel, patienceMs) {
    return (await Promise.all(sources.map(([name, source]) => this.#findings(name, source, channel, patienceMs)))).flat()
  }

  async #findings (name, source, channel, patienceMs) {
    let timer
    const late = new Promise((resolve) => {
      timer = setTimeout(() => {
        // Where there was no time to wait, that is how it is meant.
        if (patienceMs >= this.#patienceMs) this.#problems.add(`The evidence of '${name}' was not ready within ${(patienceMs / 1000).toFixed(1)} s and is missing from a leak's suspects.`)
        resolve([])
      }, patienceMs)
      timer.unref?.()
    })
    try {
      return await Promise.race([source.findings(channel), late])
    } catch (error) {
      this.#failed(error)
      return []
    } finally {
      clearTimeout(timer)
      this.#note(source)
    }
  }

  #note (source) {
    for (const problem of source.problems) this.#problems.add(problem)
  }

  /** The sources promise not to throw; should one break that, the app must not notice. */
  #guard (action) {
    try {
      return action()?.catch((error) => this.#failed(error))
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  #failed (error) {
    this.#problems.add(`Evidence failed: ${sentence(messageOf(error))} This is a bug in tidemark.`)
  }
}

module.exports = { Evidence }
