'use strict'

const { messageOf: textOf } = require('../errors')
const { alone } = require('./alone')
const { Calls } = require('./calls')
const format = require('../format')
const { applyRules, hasRules, subjectOf, unmatchedNote } = require('./ignore')
const { Measurement, SNAPSHOTS } = require('./measure')
const { describeLeft, told, whileNoting } = require('./opened')
const { now } = require('./own')
const { resultOf, suspectLine, suspectOf } = require('./result')
const { UNSURE_BYTES, isFading } = require('./rounds')
const { withScopes } = require('./scopes')
const { Sites } = require('./sites')
const { Snapshots } = require('./snapshots')

/** Calls to see who opens what stays open: each opens more. */
const CALLS_TO_NOTE = 3

/** More than was predicted, for a budget that is to suffice. */
const SPARE = 1.5

/** A snapshot with what comes between it and the next: calls, readings, allocation sites. */
const BESIDE = 1.2

/** Part of the budget until which it is watched whether a growth that only snapshots saw goes on: a cache may become full. */
const WATCHING = 0.7

/** What only became larger, by no object more, counts from this part of the noise on. */
const BYTES_ALONE = 1 / 32

/** Calls between two snapshots in which an object that stays of each tenth would be seen. */
const MANY_BETWEEN = 2000

/** In a round of fewer calls, fewer bytes that no object explains are V8's own. */
const ENOUGH_CALLS = 250
const FEW_BYTES = 64 * 1024

/** Bytes by which memory grows again and again without calls, at which somebody else is at work. */
const DRIFT = 4 * 1024

/**
 * @typedef {{keep?: (index: number) => string, own?: boolean, oneOfMany?: boolean}} Means keep: names the files of the
 *   snapshots; own: what tidemark holds counts too; oneOfMany: what it does not find of its rules another test may
 */

/**
 * @param {typeof import('../../binding')} binding
 * @param {() => unknown} fn
 * @param {ReturnType<typeof import('./options').readTestOptions>} options
 * @param {Means} [means]
 * @returns {Promise<import('./result').LeakTestResult>}
 */
function testForLeak (binding, fn, options, means = {}) {
  return alone(() => new LeakTest(binding, new Calls(fn, options.budget), options, means).run())
}

/** One test of what is called: a function, or a route by requests. */
class LeakTest {
  #binding
  #options
  #keep
  #own
  #oneOfMany
  #measurement
  #startedAt = now()
  /** @type {string[]} */
  #notes = []
  /** @type {import('./result').TestSuspect[]} */
  #suspects = []
  /** What the snapshots say of each suspect, by its signature. @type {Map<string, Awaited<ReturnType<InstanceType<typeof Snapshots>['grown']>>[number]>} */
  #grownOf = new Map()
  /** @type {import('./opened').LeftOpen[]} */
  #resources = []
  /** @type {string[]} */
  #files = []
  /** Until the last snapshot is taken. @type {InstanceType<typeof Sites> | undefined} */
  #sites

  /**
   * @param {typeof import('../../binding')} binding
   * @param {InstanceType<typeof import('./measure').Measurement>['calls']} calls
   * @param {ReturnType<typeof import('./options').readTestOptions>} options
   * @param {Means} means
   */
  constructor (binding, calls, options, { keep, own = false, oneOfMany = false }) {
    this.#binding = binding
    this.#options = options
    this.#keep = keep
    this.#own = own
    this.#oneOfMany = oneOfMany
    this.#measurement = new Measurement(binding, calls, options)
  }

  async run () {
    const end = await this.#measurement.run()
    try {
      switch (end) {
        case 'flat': return await this.#judge('clean')
        case 'open': return await this.#leftOpen()
        case 'grows': return this.#options.explain || hasRules(this.#options.ignore) ? await this.#explain() : this.#result('leaks')
        case 'leaps': return await this.#countLeaps()
        default: return await this.#count()
      }
    } finally {
      this.#sites?.end()
    }
  }

  /** Who opened what stays open. */
  async #leftOpen () {
    const { calls, meter, leftOpen, open } = this.#measurement
    const all = open.reduce((sum, each) => sum + each.calls, 0)
    const left = open.at(-1)?.left ?? {}
    const noted = this.#options.explain ? await whileNoting(() => calls.make(CALLS_TO_NOTE).then(() => meter.leftOpen())) : undefined
    this.#resources = told(leftOpen).map((type) => noted === undefined ? describeLeft(type, left[type], all) : noted.opened.describe(type, left[type], all))
    return this.#result('leaks')
  }

  /** It grows: what, and who holds it. Where nobody can be named it grows all the same. */
  async #explain () {
    const { calls, rounds } = this.#measurement
    if (!this.#measurement.hasTimeFor(SNAPSHOTS.certain) && (rounds?.bytesPerCall ?? 0) >= UNSURE_BYTES) {
      this.#notes.push(`What grows and who holds it was not looked for, because that would take too long here. Give ${this.#moreTime(SNAPSHOTS.certain)}.`)
      return this.#judge('leaks')
    }
    // In one round a server's own growth would stand beside it.
    const isCertain = calls.noise === 0
    let between = this.#measurement.between()
    let found = await this.#lookFor(between, { isCertain })
    // A table that is as large as twice what it holds does not grow by a few calls more.
    const more = Math.min(this.#measurement.between(Infinity), calls.most - calls.made)
    if (found !== undefined && this.#suspects.length === 0 && more > between && this.#measurement.hasTimeFor(SNAPSHOTS.certain)) {
      between = more
      found = await this.#lookFor(between, { isCertain })
    }
    if (found?.grewWeak && this.#suspects.length === 0 && await found.onlyV8Grew(UNSURE_BYTES)) return this.#judge('clean')
    if (found === undefined || this.#suspects.length > 0 || (rounds?.bytesPerCall ?? 0) >= UNSURE_BYTES) return this.#judge('leaks')
    // So little is V8's own where no object became more over so many calls.
    return between >= MANY_BETWEEN ? this.#judge('clean') : this.#unseen(found, between)
  }

  /** Too few calls to tell by bytes: objects are counted. */
  async #count () {
    const { calls, rounds } = this.#measurement
    const between = this.#measurement.between()
    if (between < calls.fewest) {
      return this.#result('undecided', {
        why: `one ${calls.unit} takes ${format.duration(calls.msPerCall)}, and ${calls.made} ${calls.unit}s say too little`,
        next: `a budget of ${format.duration(this.#wanted())} or more (\`budget\`, in milliseconds), or a function that does less`
      })
    }
    if (!this.#measurement.hasTimeFor(SNAPSHOTS.unsure)) {
      return this.#result('undecided', {
        why: `${format.grouped(calls.made)} ${calls.unit}s say too little, and to count objects would take too long here`,
        next: this.#moreTime(SNAPSHOTS.unsure)
      })
    }
    const snapshots = await this.#lookFor(between)
    if (snapshots === undefined) {
      return this.#result('undecided', { why: `${calls.made} ${calls.unit}s say too little, and objects could not be counted`, next: this.#notes.at(-1) })
    }
    const doubt = this.#suspects.length > 0 && !rounds?.grows ? await this.#watchOn(snapshots, between) : undefined
    return this.#suspects.length === 0 && rounds?.isSteady && rounds.hasMany ? this.#unseen(snapshots, between) : this.#judge('clean', doubt)
  }

  /**
   * A table grows in leaps, to twice its size: numbers in an array, names in an object. From before many calls to after
   * more of them it has grown. What became as large as a round is long has not, because no round is longer than the one
   * before the first snapshot.
   */
  async #countLeaps () {
    if (this.#measurement.calls.most < Infinity || !this.#measurement.hasTimeFor(SNAPSHOTS.certain)) return this.#count()
    const snapshots = await this.#lookFor(this.#measurement.between(Infinity), { isCertain: true, leaps: true })
    return snapshots === undefined ? this.#count() : this.#judge('clean')
  }

  /** Memory grows, and no object does: the code that runs does, or it is not known what. */
  async #unseen (snapshots, between) {
    if (await snapshots.onlyV8Grew(UNSURE_BYTES)) return this.#judge('clean')
    const { calls, rounds } = this.#measurement
    return this.#result('undecided', {
      why: `memory grows by ${format.bytes(Math.round(rounds?.bytesPerCall ?? 0))} a ${calls.unit}, but no object became more in rounds of ${format.grouped(between)} ${calls.unit}s`,
      next: 'a longer budget (`budget`, in milliseconds)'
    })
  }

  /** Milliseconds of budget that many calls would take. */
  #wanted () {
    const { calls } = this.#measurement
    return Math.ceil(calls.msPerCall * calls.fewest * 25 / 1000) * 1000
  }

  /** What lets so many snapshots be taken, too. */
  #moreTime (snapshots) {
    const ms = this.#measurement.elapsedMs + this.#measurement.msOf(snapshots)
    return `a budget of ${format.duration(Math.ceil(ms * SPARE / 1000) * 1000)} (\`budget\`, in milliseconds), and as much time to the test`
  }

  /**
   * Snapshots between rounds of calls. Where it is certain that something grows one round shows what; where it is not, it
   * has to grow in two.
   * @param {number} between calls of a round
   * @param {{isCertain?: boolean, leaps?: boolean}} [how] leaps: rounds of twice and four times as many calls
   * @returns {Promise<InstanceType<typeof Snapshots> | undefined>} undefined where they cannot be taken
   */
  async #lookFor (between, { isCertain = false, leaps = false } = {}) {
    const { calls, meter } = this.#measurement
    const snapshots = new Snapshots(this.#binding, this.#keep)
    const more = (isCertain ? SNAPSHOTS.certain : SNAPSHOTS.unsure) - 1
    const round = async () => {
      const made = await calls.make(between) + (leaps ? await calls.make(between) : 0)
      await meter.read()
      return made
    }
    this.#sites?.end()
    try {
      if (leaps) await round()
      else await meter.read()
      const startedAt = now()
      await snapshots.take()
      this.#measurement.msPerSnapshot = (now() - startedAt) * BESIDE
      if (!this.#measurement.hasTimeFor(more)) {
        this.#notes.push(`What grows and who holds it was not looked for to the end: it takes too long here. Give ${this.#moreTime(more)}.`)
        return undefined
      }
      if (!isCertain) await snapshots.take(await round())
      this.#sites = new Sites(this.#binding)
      const made = await round() + (leaps ? await round() : 0)
      const allocated = this.#allocated()
      await snapshots.take(made)
      const isNoise = ({ objectsPerCall, bytesPerCall }) => !(objectsPerCall > 0) && bytesPerCall * made < Math.max(calls.noise * BYTES_ALONE, made < ENOUGH_CALLS ? FEW_BYTES : 0)
      const grown = (await snapshots.grown()).filter((each) => (this.#own || !each.own) && !isNoise(each))
      this.#suspects = grown.map((each, i) => suspectOf(each, i === 0 ? allocated : null))
      this.#grownOf = new Map(grown.map((each, i) => [this.#suspects[i].signature, each]))
    } catch (error) {
      if (!error?.code?.startsWith?.('ERR_TIDEMARK_SNAPSHOT')) throw error
      this.#notes.push(textOf(error))
      return undefined
    } finally {
      this.#files = snapshots.files
    }
    return snapshots
  }

  /** Where most of what stays was allocated. All else that is known of it would be in the next snapshot. */
  #allocated () {
    const location = this.#sites?.take().find((site) => site.location !== null)?.location ?? null
    if (this.#sites?.problem !== undefined) this.#notes.push(`Where it was allocated is not known: ${this.#sites.problem}`)
    return location
  }

  /**
   * What only two rounds of few calls showed may be a cache that is being filled. It is a leak where one more round shows as
   * much, or, where there is no time for it, where memory grew as much in the rounds before. A table grows in leaps, to
   * twice its size: of one the round has to be as long as all before it, and those before say no more.
   * @param {InstanceType<typeof Snapshots>} snapshots
   * @param {number} between calls of a round
   * @returns {Promise<string | undefined>} why what is left of the suspects may be no leak
   */
  async #watchOn (snapshots, between) {
    const { calls, meter, rounds } = this.#measurement
    const isCounted = this.#suspects.some(({ objectsPerCall }) => objectsPerCall > 0)
    const least = isCounted ? between : Math.min(calls.made, calls.most)
    const hasTime = this.#measurement.hasTimeFor(1, least * calls.msPerCall)
    if (hasTime) {
      const left = this.#options.budget * WATCHING - (now() - this.#startedAt)
      let made = left > 0 ? await calls.make(Infinity, left) : 0
      if (made < least && !calls.full) made += await calls.make(least - made)
      await meter.read()
      await snapshots.take(made)
      const lately = await snapshots.grown({ last: 2 })
      this.#suspects = this.#suspects.filter(({ signature }) => {
        const known = this.#grownOf.get(signature)
        // What it holds may have another name now, as V8 tells objects by their shapes, and so may the way to it.
        const ofHolder = lately.filter((each) => each.id === known?.id)
        const again = ofHolder.find((each) => each.class === known?.class) ?? ofHolder[0] ?? lately.find((each) => suspectOf(each, null).signature === signature)
        known?.rounds.push(...again?.rounds ?? [])
        return again !== undefined
      })
    }
    const firm = this.#suspects.filter(({ signature }) => !isFading(this.#grownOf.get(signature)?.rounds ?? []))
    if (firm.length === 0) return 'in the last round it was less than before, as of a cache that becomes full'
    this.#suspects = firm
    return hasTime || (isCounted && rounds?.grewBy(firm[0].bytesPerCall)) ? undefined : `only two rounds of ${format.grouped(between)} ${calls.unit}s showed it, and a cache that is being filled grows in the same way`
  }

  /**
   * What only the debugger knows of the suspects. After the last snapshot, since V8 gives all objects new numbers where a
   * session of the inspector ends.
   * @returns {Map<string, number>} by signature, how many entries a holder may have
   */
  #ask () {
    const grown = this.#suspects.flatMap(({ signature }) => this.#grownOf.get(signature) ?? [])
    if (grown.length === 0) return new Map()
    const known = withScopes(grown)
    this.#suspects = known.map((each, i) => suspectOf(each, this.#suspects[i].allocated))
    return new Map(this.#suspects.flatMap(({ signature }, i) => known[i].cap === undefined ? [] : [[signature, known[i].cap]]))
  }

  /**
   * @param {'clean' | 'leaks'} unexplained the verdict where no snapshot names anything
   * @param {string} [doubt] why what snapshots name may be no leak
   */
  async #judge (unexplained, doubt) {
    const caps = this.#ask()
    const { kept, ignored, expired, unmatched } = applyRules(this.#suspects, this.#options.ignore)
    for (const rule of expired) this.#notes.push(`The rule to ignore '${subjectOf(rule)}' is past its date and no longer counts.`)
    if (!this.#oneOfMany) this.#notes.push(...unmatched.map(unmatchedNote))
    const wasIgnored = kept.length === 0 && ignored.length > 0
    this.#suspects = kept
    const drift = kept.length > 0 || unexplained === 'leaks' ? await this.#measurement.drift(DRIFT) : 0
    if (drift > 0) {
      return this.#result('undecided', {
        why: `memory grows by ${format.bytes(drift)} every few milliseconds while nothing is called: something else is at work in this thread`,
        next: 'run this test alone: no other test at the same time in this thread, and nothing that goes on in the background',
        ignored
      })
    }
    if (kept.length > 0 && kept.every(({ signature }) => caps.has(signature))) {
      return this.#result('undecided', {
        why: `${suspectLine(kept[0], this.#measurement.calls.unit)}; it fills a cache of at most ${format.grouped(caps.get(kept[0].signature) ?? 0)} entries`,
        next: 'a cap in the test that its calls reach, or a longer budget (`budget`, in milliseconds)',
        ignored
      })
    }
    if (doubt !== undefined && kept.length > 0) {
      return this.#result('undecided', { why: `${suspectLine(kept[0], this.#measurement.calls.unit)}; ${doubt}`, next: this.#moreTime(1), ignored })
    }
    return this.#result(kept.length > 0 ? 'leaks' : wasIgnored ? 'clean' : unexplained, { ignored })
  }

  /** @returns {import('./result').LeakTestResult} */
  #result (verdict, { why, next, ignored = [] } = /** @type {any} */ ({})) {
    const { calls, rounds } = this.#measurement
    return resultOf({
      verdict,
      calls: calls.made,
      rounds: [...rounds?.all ?? []],
      bytesPerCall: rounds?.bytesPerCall ?? null,
      objectsPerCall: this.#suspects[0]?.objectsPerCall ?? null,
      // Where it was in doubt, objects had to be counted all the same.
      suspects: this.#options.explain ? this.#suspects : [],
      resources: this.#resources,
      notes: this.#notes,
      ignored,
      files: this.#files,
      elapsedMs: Math.round(now() - this.#startedAt)
    }, { unit: calls.unit, why, next })
  }
}

module.exports = { LeakTest, testForLeak }
