'use strict'

const { isNews } = require('./evidence/rank')
const { messageOf } = require('./errors')
const { evidencePayload, leakPayload, recoveredPayload } = require('./leak')
const { partOf } = require('./one-cause')

/** How often an excused growth is asked about again. */
const ASK_AGAIN_MS = 10000

/** An excused growth whose excuse ended goes on where it has at least this share of its former pace. */
const GOES_ON = 0.5
/** Below this confidence a curve with a ceiling fits better by now: the growth has ended, or soon will. */
const LEAST_CONFIDENCE = 0.5
/** After this long without going on, the pace is measured from now. */
const FLAT_MS = 60000

/** The most that a level may fall, as a share of the growth that was claimed, while the claim waits for its evidence. */
const FALLEN_SHARE = 0.25

/** A leak in one of these is reported, or about to be: other channels may join it. */
const OPEN = ['confirmed', 'fallen', 'reported']

/** @typedef {import('./leak').Told & {change: import('../binding').ChangeShape, atMs: number}} Told */

/**
 * One leak of one channel, from the first suspicion to its end:
 *
 * ```
 * suspected ──> unconfirmed ──> confirmed ──> reported ──> over
 *     │  └────────────────────────^ ^ ^ │          │
 *     v                 excused <───┘ │ └─ gets worse: confirmed again
 *   joined               fallen <─────┘
 * ```
 *
 * | state | what it waits for |
 * |---|---|
 * | suspected | the detector |
 * | unconfirmed | samples that show that the growth is not what evidence itself takes |
 * | confirmed | evidence, so that the report can name suspects |
 * | excused | the end of a growth that will end by itself, such as a cache that fills |
 * | fallen | its level, which fell or stayed while it waited for evidence, to rise again |
 * | reported | its end; the app knows of it |
 * | joined | the end of another channel's leak, which it belongs to |
 * | over | nothing |
 */
class Leak {
  /** @type {'suspected' | 'unconfirmed' | 'confirmed' | 'excused' | 'fallen' | 'reported' | 'joined' | 'over'} */
  state = 'suspected'
  /** The record of the claim that was confirmed last. @type {Told | null} */
  record = null
  /** What was reported: signature, suspects, whether the app ignores it; null before. @type {{signature: string, suspects: import('..').LeakSuspect[], isIgnored?: boolean} | null} */
  report = null
  /** Why the growth will end by itself, and since when that holds. Stands until the leak is reported. @type {{reason: string, since: number} | null} */
  excuse = null
  /** Other channels that rise with this one, while it is open. */
  joined = new Set()

  /** @param {string} channel */
  constructor (channel) {
    this.channel = channel
  }

  get isOpen () {
    return OPEN.includes(this.state)
  }

  /** Its own channel first. */
  get channels () {
    return [this.channel, ...this.joined]
  }
}

/**
 * The leaks of one session: hears what the detector says of each channel, asks for evidence, and tells the story.
 * Chapters keep their order, also where a leak waits for its evidence.
 */
class Leaks {
  /** By channel, the one that goes on. @type {Map<string, Leak>} */
  #leaks = new Map()
  /** The state of each channel, as the last chapter about it said. */
  #states = new Map()
  /** The next chapter waits for this; null where nothing waits. @type {Promise<void> | null} */
  #eventOrder = null
  #isClosed = false
  #evidence
  #ignored
  #options
  #isClassic
  #statuses
  #tell
  #onBug
  #now
  #toDate
  #slows

  /**
   * @param {{
   *   evidence: InstanceType<typeof import('./evidence').Evidence>,
   *   ignored: InstanceType<typeof import('./ignored').Ignored>,
   *   options: {detector: string},
   *   statuses: () => object[],
   *   tell: (chapter: string, details: object) => void,
   *   onBug: (problem: string) => void,
   *   now: () => number,
   *   toDate: (atMs: number) => Date,
   *   slows?: () => boolean
   * }} given statuses: of all channels, by the detector. now: milliseconds, monotonic. toDate: from the clock of records. slows:
   *   whether the container's limit does not kill
   */
  constructor ({ evidence, ignored, options, statuses, tell, onBug, now, toDate, slows = () => false }) {
    this.#evidence = evidence
    this.#options = options
    this.#isClassic = options.detector === 'memwatch'
    this.#statuses = statuses
    this.#tell = tell
    this.#onBug = onBug
    this.#now = now
    this.#toDate = toDate
    this.#slows = slows
    this.#ignored = ignored
  }

  /** Whether a claim waits for more full GCs. */
  get isWaitingForGcs () {
    return this.#all.some(({ state }) => state === 'unconfirmed')
  }

  /** What the app was told of and goes on. @returns {{channel: string, signature: string, suspects: import('..').LeakSuspect[]}[]} */
  get reported () {
    return this.#all.flatMap(({ channel, report }) =>
      report !== null && !report.isIgnored ? [{ channel, signature: report.signature, suspects: report.suspects }] : [])
  }

  get #all () {
    return [...this.#leaks.values()]
  }

  /** The session ends: what still waits is not reported any more. */
  close () {
    this.#isClosed = true
  }

  /** The detector changed its mind about a channel, or says that a leak got worse. @param {Told} record */
  changed (record) {
    const { channel, from, to, event } = record.change
    const time = this.#toDate(record.atMs)
    this.#evidence.follow(record.change, this.#now())
    if (event === 'recovered') this.#recovers(channel, record)
    if (!this.#states.has(channel)) this.#states.set(channel, from)
    this.#stateIs(channel, to, time)
    const isRestless = to === 'suspect' || to === 'leaking'
    if (isRestless && !this.#leaks.has(channel)) {
      this.#leaks.set(channel, new Leak(channel))
      this.#tell('suspected', { channel, time })
    }
    const leak = this.#leaks.get(channel)
    if (event === 'leak') this.#claimed(leak, record)
    else if (!isRestless && leak?.state === 'suspected') this.#leaks.delete(channel)
  }

  /** What the leak of a channel is reported under. @returns {string | null} */
  signatureOf (channel) {
    return (this.#leadOf(channel) ?? this.#leaks.get(channel))?.report?.signature ?? null
  }

  /** At every look at the process. @param {object[]} statuses of all channels */
  look (statuses) {
    for (const leak of this.#leaks.values()) {
      if (this.#isClosed) return
      if (leak.state === 'fallen' && leak.record !== null && stands(leak.record.status, statuses)) this.#explain(leak, leak.record)
    }
  }

  /**
   * While evidence is collected.
   * @param {object[]} statuses of all channels
   * @param {boolean} isDue whether reported leaks are worth another look
   */
  review (statuses, isDue) {
    for (const leak of this.#leaks.values()) if (leak.state === 'excused') this.#askAgain(leak, statuses)
    if (!isDue) return
    this.#inOrder(() => Promise.all(this.#all
      .filter(({ channel, report }) => report !== null && statusOf(channel, statuses) !== undefined)
      .map((leak) => this.#lookAgain(leak, statusOf(leak.channel, statuses)))))
    this.#inOrder(() => { if (!this.#all.some(({ excuse }) => excuse !== null)) this.#evidence.stopUnlessPending() })
  }

  /** A channel's status as the app sees it: what grows for a reason that will end is not called leaking, and what rises with a leak belongs to it. */
  shown (status) {
    const excuse = this.#leaks.get(status.channel)?.excuse
    const lead = this.#leadOf(status.channel)
    const excused = excuse && status.state === 'leaking' ? { ...status, state: 'suspect', heldBackBy: excuse.reason } : status
    return lead === undefined ? excused : { ...excused, partOf: lead.channel }
  }

  /** A leak waits a moment for its evidence. Not with memwatch's rule: its 'leak' comes before the 'stats' of one GC. */
  #claimed (leak, record) {
    const { status } = record
    if (!this.#isClassic && this.#joins(leak, status)) return
    this.#leadOf(leak.channel)?.joined.delete(leak.channel)
    if (this.#isClassic || !this.#evidence.running) {
      this.#inOrder(() => this.#report(leak, record, []))
      return
    }
    const isUnconfirmed = () => leak.state === 'unconfirmed' && !this.#isClosed
    const certain = leak.report !== null || this.#evidence.certain(status, record.atMs, () =>
      isUnconfirmed() ? statusOf(leak.channel, this.#statuses()) : undefined)
    if (certain === true) {
      this.#explain(leak, record)
      return
    }
    leak.state = 'unconfirmed'
    certain.then((isSure) => {
      if (!isUnconfirmed()) return
      if (isSure) this.#explain(leak, record)
      else leak.state = 'suspected'
    }).catch((error) => this.#failed(error))
  }

  /** @returns {boolean} whether a growth belongs to another channel's leak */
  #joins (leak, status) {
    if (leak.report !== null || leak.state === 'confirmed') return false
    const open = this.#all.filter((other) => other !== leak && other.isOpen)
    const first = partOf(status, open.flatMap(({ record }) => record === null ? [] : [record.status]))
    if (first === undefined) return false
    leak.state = 'joined'
    leak.excuse = null
    this.#leaks.get(first)?.joined.add(leak.channel)
    return true
  }

  #leadOf (channel) {
    return this.#all.find(({ joined }) => joined.has(channel))
  }

  #explain (leak, record) {
    leak.state = 'confirmed'
    leak.record = record
    const { status } = record
    this.#inOrder(() => this.#evidence.weigh(status, status.timeToLimitMs).then(({ suspects, excuse }) => {
      if (excuse === undefined || leak.report !== null) this.#report(leak, record, suspects)
      else this.#excuse(leak, record, excuse)
    }))
  }

  #excuse (leak, record, reason) {
    if (this.#isClosed) return
    const now = this.#now()
    leak.state = 'excused'
    leak.excuse = { reason, askedAt: now, heldAt: now, level: record.status.level }
    this.#release(leak)
    leak.joined = new Set()
    this.#stateIs(leak.channel, 'leaking', new Date(), leak)
  }

  /** An excused growth is reported once the excuse does not hold any more and it goes on. */
  #askAgain (leak, statuses) {
    const { excuse, record } = leak
    const status = statusOf(leak.channel, statuses)
    const now = this.#now()
    if (status?.state !== 'leaking' || now - excuse.askedAt < ASK_AGAIN_MS) return
    excuse.askedAt = now
    this.#inOrder(() => this.#evidence.excuse(status, status.timeToLimitMs).then((reason) => {
      if (this.#isClosed || leak.excuse !== excuse || leak.state !== 'excused') return
      const heldMs = this.#now() - excuse.heldAt
      if (reason === undefined && goesOn(excuse, record.status.growthRate, status, heldMs)) this.#explain(leak, { ...record, status })
      else if (reason !== undefined || heldMs > FLAT_MS) Object.assign(excuse, { reason: reason ?? excuse.reason, heldAt: this.#now(), level: status.level })
    }))
  }

  #report (leak, record, found) {
    if (this.#isClosed) return
    const { channel } = leak
    if (!this.#isClassic && !stands(record.status, this.#statuses())) {
      Object.assign(leak, { state: 'fallen', record })
      return
    }
    const suspects = found.length > 0 ? found : leak.report?.suspects ?? []
    const payload = leakPayload(record, this.#toDate, this.#options, suspects, leak.report?.signature, leak.channels, this.#slows())
    const { signature } = payload
    const isIgnored = this.#ignored.covers(signature, Date.now())
    Object.assign(leak, { state: 'reported', record, excuse: null, report: { signature, suspects, isIgnored } })
    this.#stateIs(channel, 'leaking', new Date(), leak)
    if (isIgnored) return
    this.#tell('reported', payload)
    this.#evidence.reported(channel, this.#now(), record.status.timeToLimitMs)
  }

  /** Evidence that was not there when the leak was reported. */
  async #lookAgain (leak, { channel, growthRate = null, timeToLimitMs }) {
    const suspects = await this.#evidence.suspects({ channel, growthRate }, timeToLimitMs)
    const { report } = leak
    if (this.#isClosed || leak.state === 'over' || suspects.length === 0) return
    leak.report = { ...report, suspects }
    if (!report.isIgnored && isNews(suspects[0], report.suspects[0])) {
      this.#tell('evidence', evidencePayload(channel, report.signature, suspects, leak.channels))
    }
  }

  /** What begins on this channel from now on is another leak. */
  #recovers (channel, record) {
    const leak = this.#leaks.get(channel)
    if (leak === undefined) return
    const lead = this.#leadOf(channel)
    this.#leaks.delete(channel)
    this.#release(leak)
    // What waits for its evidence is told first; everything else was not reported, and has no end to tell.
    if (!leak.isOpen && lead === undefined) leak.state = 'over'
    else this.#inOrder(() => this.#recovered(leak, lead, record))
  }

  #recovered (leak, lead, record) {
    if (this.#isClosed) return
    const { report } = leak
    leak.state = 'over'
    lead?.joined.delete(leak.channel)
    if (report !== null && !report.isIgnored) this.#tell('recovered', recoveredPayload(record, this.#toDate, report.signature))
  }

  /** Channels that joined a leak go on without it. */
  #release (lead) {
    for (const leak of this.#all) if (leak.state === 'joined' && lead.joined.has(leak.channel)) leak.state = 'suspected'
  }

  /** Tells of a channel's state where the app sees another one than before. `leak`: because of one that may be over by now. */
  #stateIs (channel, state, time, leak) {
    if (leak !== undefined && this.#leaks.get(channel) !== leak) return
    const from = this.#states.get(channel)
    const { state: to } = this.shown({ channel, state })
    this.#states.set(channel, to)
    if (from !== to) this.#tell('state', { channel, from, to, time })
  }

  /** What is told of leaks keeps its order, though a leak waits for its evidence. */
  #inOrder (action) {
    const result = this.#eventOrder === null ? action() : this.#eventOrder.then(action)
    if (result === undefined) return
    // A rejection that nobody handles would end the app.
    const order = result
      .catch((error) => this.#failed(error))
      .then(() => { if (this.#eventOrder === order) this.#eventOrder = null })
    this.#eventOrder = order
  }

  #failed (error) {
    this.#onBug(`A leak could not be reported: ${messageOf(error)}. This is a bug in tidemark.`)
  }
}

function statusOf (channel, statuses) {
  return statuses.find((status) => status.channel === channel)
}

/** Whether what was claimed is still so: a leak may take 18 s to be explained. @param {{channel: string, level?: number, growth: number}} claim @param {object[]} statuses */
function stands ({ channel, level, growth }, statuses) {
  const now = statusOf(channel, statuses)
  if (now === undefined) return true
  if (now.state !== 'leaking' || now.confidence < LEAST_CONFIDENCE) return false
  return !(Number(level) - now.level > FALLEN_SHARE * growth)
}

/** Whether a channel went on growing when its excuse ended: a cache that has just filled is flat, and the verdict hears of it later. */
function goesOn ({ level }, growthRate, status, heldMs) {
  if (status.confidence < LEAST_CONFIDENCE) return false
  return level === undefined || !(status.level - level < GOES_ON * (growthRate ?? 0) * heldMs / 1000)
}

module.exports = { Leaks }
