'use strict'

const { EventEmitter } = require('node:events')
const { channel: diagnosticsChannel } = require('node:diagnostics_channel')
const { constants, performance } = require('node:perf_hooks')
const { setImmediate, setInterval, clearInterval } = require('node:timers')
const v8 = require('node:v8')
const { createError, messageOf, placeOf } = require('./errors')
const { collectGarbage } = require('./collect-garbage')
const { Evidence } = require('./evidence')
const { isBundled, ownClasses } = require('./evidence/own-files')
const { isNews } = require('./evidence/rank')
const { sentence } = require('./format')
const { IdleGc } = require('./idle-gc')
const { Ignored } = require('./ignored')
const { evidencePayload, leakPayload, recoveredPayload } = require('./leak')
const { CONNECTIONS, Load } = require('./load')
const { partOf } = require('./one-cause')
const { readOptions, ignoredOptions } = require('./options')
const { ResourceWatch } = require('./resource-watch')
const { Pauses } = require('./pauses')
const { folderProblems } = require('./snapshot/folder')
const spareDescriptor = require('./spare-descriptor')
const { gcPayload, statsPayload } = require('./stats')

/** Listening to one of these starts the monitor. */
const EVENTS = ['leak', 'leak-evidence', 'recovered', 'stats', 'gc']

/** Nobody reads more. */
const MOST_WARNINGS = 20

const BUNDLED = 'tidemark is bundled into a file of the app: its own code cannot be told from the app\'s, and suspects may name it. ' +
  'Keep it out of the bundle: esbuild `--external:tidemark`, webpack `externals`, Next.js `serverExternalPackages`.'

/** What the native side queues beside changes of the verdict, as bits. */
const INTEREST_STATS = 1
const INTEREST_GC = 2

/** How long an excuse holds before it is asked for again. */
const ASK_AGAIN_MS = 10000

/** A growth goes on where it has this share of its former pace. */
const GOES_ON = 0.5
/** Below this confidence a curve with a ceiling fits better by now: it has ended, or soon will. */
const LEAST_CONFIDENCE = 0.5
/** How long it is watched for that. */
const FLAT_MS = 60000

/** From the mildest to the worst. */
const STATES = ['settling', 'steady', 'suspect', 'leaking']

const diagnostics = {
  leak: diagnosticsChannel('tidemark:leak'),
  'leak-evidence': diagnosticsChannel('tidemark:leak-evidence'),
  stats: diagnosticsChannel('tidemark:stats'),
  gc: diagnosticsChannel('tidemark:gc')
}

/**
 * Watches the isolate that it runs in and tells by events what it finds. `require('tidemark')` is
 * one; a thread needs no second.
 *
 * Data flows one way: the native side samples and judges, `#drain` turns what it queued into events,
 * listeners listen.
 */
class Monitor extends EventEmitter {
  #binding
  #options = null
  /** What who watches on behalf of the app was told: it holds where `start(options)` does not say otherwise. */
  #preset
  /** Started by `start()` rather than by a listener: then only `stop()` ends it. */
  #explicit = false
  /** Everything that lives from start to stop, or null. */
  #session = null
  /** Events whose listeners' errors were a process warning already. */
  #warned = new Set()
  #onAdded = (event) => this.#listenerAdded(event)
  #onRemoved = (event) => this.#listenerRemoved(event)

  /** @param {object} binding the native module, or a fake of it in tests */
  constructor (binding) {
    super()
    this.#binding = binding
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
   * Options for every start, set by who watches on behalf of the app (the preload): what the app's own
   * `start(options)` names still wins.
   * @param {Monitor} monitor
   * @param {object} options as for `start()`
   */
  static preset (monitor, options) {
    readOptions(options)
    monitor.#preset = { ...options }
  }

  /** @returns {number | undefined} what a running monitor allows */
  static maxPauseMs (monitor) {
    return monitor.#session?.pauses.mostMs
  }

  /** Runs `work` (a heap snapshot): the collections that it causes are counted, not judged or told as 'stats'. */
  static unjudged (monitor, work) {
    const native = monitor.#session?.native
    native?.pauseJudging()
    try {
      work()
    } finally {
      native?.resumeJudging()
    }
  }

  /**
   * Installs the hook. After an implicit start by a listener, options start it anew with them.
   * @param {object} [options] see index.d.ts
   * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION, ERR_TIDEMARK_ALREADY_STARTED
   */
  start (options) {
    const wanted = this.#wanted(options)
    if (this.#session !== null && (options === undefined || sameOptions(wanted, this.#options))) {
      this.#explicit = true
      return this
    }
    if (this.#session !== null && this.#explicit) throw createError('ERR_TIDEMARK_ALREADY_STARTED')
    this.#uninstall()
    this.#install(wanted)
    this.#explicit = true
    return this
  }

  /** Takes the hook away and forgets what was seen; listeners stay. Stopping twice does nothing. */
  stop () {
    this.#uninstall()
    this.#explicit = false
    return this
  }

  /** A full collection, now and synchronously; one 'stats' follows. */
  gc () {
    if (this.#session?.source === 'native') {
      this.#session.native.gc()
    } else {
      collectGarbage(this.#binding)
    }
  }

  /** The state now, by channel, and how tidemark itself is. */
  status () {
    const session = this.#session
    if (session === null) return { running: false, state: 'stopped', channels: {}, problems: [] }
    const { channels: judged, lost, failed, deaf, ...rest } = session.native.status()
    const channels = judged.map((status) => joined(excused(status, session.excused.get(status.channel)), session.open))
    const problems = [...session.problems, ...session.evidence.problems, ...session.pauses.problems, ...session.ways.flatMap((way) => way.problems)]
    if (rest.memory !== undefined && rest.memory.rss === undefined) {
      problems.push('The resident memory of the process cannot be read (is /proc mounted?): native memory is not judged, and open files are not counted.')
    }
    if (lost > 0) problems.push(`${lost} collections were not recorded. This is a bug in tidemark.`)
    if (failed) problems.push('The GC hook failed and is switched off. This is a bug in tidemark.')
    if (deaf) problems.push(`Events come with the next look, not at once: ${deaf}.`)
    if (session.dropped > 0) {
      problems.push(`${session.dropped} 'gc' and 'stats' records were dropped: JavaScript ran for too long without a turn of the event loop.`)
    }
    return {
      running: true,
      source: session.source,
      detector: this.#options.detector,
      state: channels.reduce((worst, { state }) => worse(state, worst), STATES[0]),
      channels: Object.fromEntries(channels.map(({ channel, ...state }) => [channel, state])),
      ...rest,
      resources: { ...session.resources.counts },
      evidence: { collecting: session.evidence.running, durationMs: session.evidence.cost },
      ignored: session.ignored.all(),
      problems
    }
  }

  /** The ring of samples after full GCs, and the coarse history behind it; both oldest first. */
  history () {
    if (this.#session === null) return { samples: [], coarse: [] }
    const { samples, coarse } = this.#session.native.history()
    const { toDate } = this.#session
    return {
      samples: samples.map((sample) => ({ time: toDate(sample.atMs), ...sample })),
      coarse: coarse.map((bucket) => ({ start: toDate(bucket.startMs), end: toDate(bucket.endMs), ...bucket }))
    }
  }

  #followListeners () {
    super.off('newListener', this.#onAdded).off('removeListener', this.#onRemoved)
    super.on('newListener', this.#onAdded).on('removeListener', this.#onRemoved)
  }

  #listenerAdded (event) {
    if (!EVENTS.includes(event)) return
    if (this.#session === null) this.#install(this.#wanted())
    this.#listen(event)
  }

  #listenerRemoved (event) {
    if (EVENTS.includes(event) && this.#session !== null) this.#listenersChanged()
  }

  #listenersChanged () {
    const listening = EVENTS.some((name) => this.listenerCount(name) > 0)
    if (listening || this.#explicit) {
      this.#listen()
    } else {
      this.#uninstall()
    }
  }

  /** Tells the native side what to queue. `added` is an event that is about to have a listener. */
  #listen (added) {
    const wanted = (event) => event === added || this.listenerCount(event) > 0 || diagnostics[event].hasSubscribers
    this.#session.native.listen((wanted('stats') ? INTEREST_STATS : 0) | (wanted('gc') ? INTEREST_GC : 0))
  }

  #wanted (options) {
    const given = readOptions(options)
    const named = Object.keys(options ?? {}).filter((name) => options[name] !== undefined)
    return readOptions({ ...this.#preset, ...Object.fromEntries(named.map((name) => [name, given[name]])) })
  }

  #install (options) {
    const load = new Load(options.requests)
    const native = new this.#binding.Monitor({
      detector: options.detector,
      consecutive: options.consecutive,
      channels: options.channels,
      historySize: options.historySize,
      memoryLimit: options.memoryLimit,
      gcMajor: constants.NODE_PERFORMANCE_GC_MAJOR,
      gcIncremental: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
      gcWeakcb: constants.NODE_PERFORMANCE_GC_WEAKCB
    }, load.counters, () => this.#unattended(() => this.#drain()))
    this.#options = options
    const pauses = new Pauses(options.maxPauseMs)
    const resources = new ResourceWatch()
    const idleGc = new IdleGc(options, native, pauses, () => this.#binding.startIncrementalGc())
    const means = {
      binding: this.#binding,
      pauses,
      resources: () => resources.counts,
      memoryLimit: options.memoryLimit,
      sinceFullGc: () => sinceFullGc(native),
      collect: () => idleGc.collect(performance.now())
    }
    this.#session = {
      native,
      load,
      resources,
      idleGc,
      pauses,
      evidence: new Evidence(evidenceNames(options), (name, sources) =>
        spareDescriptor.withSpare(() => require('./evidence/sources').createSource(name, means, sources))),
      ways: this.#waysToSnapshots(options),
      /** What was told of each leaking channel: its signature and suspects. */
      told: new Map(),
      /** Channels whose leak may be what evidence itself took, until that is settled. */
      doubted: new Set(),
      /** Leaks that fell back while they waited for their evidence, by channel: reported once they stand again. */
      fallen: new Map(),
      /** Channels that grow for a reason that will end, such as a cache that fills: it, the record of the growth, and when it was asked for. */
      excused: new Map(),
      /** Leaks that are reported, or about to be: of each channel its state then, and the channels that rise with it. */
      open: new Map(),
      ignored: new Ignored(options.ignore),
      /** The leak that waits for its evidence, and what comes behind it. */
      turn: null,
      source: 'native',
      fallback: null,
      problems: [...isBundled ? [BUNDLED] : [], ...ignoredOptions(options), ...folderProblems(options)],
      dropped: 0,
      timer: unref(setInterval(() => this.#unattended(() => this.#tick()), options.sampleIntervalMs)),
      toDate: (atMs) => new Date(Date.now() - (native.nowMs() - atMs))
    }
    spareDescriptor.hold()
    load.start()
    this.#session.evidence.begin()
    for (const way of this.#session.ways) way.start()
    this.#startSource(options.source)
    this.#listen()
    // The first look comes with the next turn, so that a start costs no file reading.
    unref(setImmediate(() => { if (this.#session?.native === native) this.#unattended(() => this.#tick()) }))
  }

  /** What makes snapshots without being called. */
  #waysToSnapshots (options) {
    const onError = (error) => this.#tellError(error.message, error)
    const ways = []
    if (options.signal !== undefined) {
      const { SnapshotOnSignal } = require('./snapshot/on-signal')
      ways.push(new SnapshotOnSignal(options.signal, this.#binding, options, onError))
    }
    if (options.snapshotNearHeapLimit) {
      const { SnapshotNearHeapLimit } = require('./snapshot/near-heap-limit')
      ways.push(new SnapshotNearHeapLimit(this.#binding, options, onError))
    }
    return ways
  }

  #startSource (wanted) {
    const session = this.#session
    if (wanted === 'auto') {
      const problem = installHook(session.native)
      if (!problem) return
      session.problems.push(`The GC hook could not be installed: ${problem}. ` +
        'Samples come from perf_hooks instead, which costs more and reads the heap shortly after the GC.')
    }
    const { PerfHooksSource } = require('./perf-hooks-source')
    session.source = 'perf_hooks'
    session.fallback = new PerfHooksSource(() => session.native.nowMs(), (sample) => session.native.pushSample(sample))
    session.fallback.start(() => this.#unattended(() => this.#drain()))
  }

  #uninstall () {
    const session = this.#session
    if (session === null) return
    this.#session = null
    clearInterval(session.timer)
    session.fallback?.stop()
    session.load.stop()
    session.evidence.end()
    for (const way of session.ways) way.stop()
    session.native.close()
    spareDescriptor.letGo()
  }

  /** What Node.js calls and not the app: a bug of ours there must not end it. */
  #unattended (action) {
    const { problems } = this.#session ?? { problems: [] }
    try {
      action()
    } catch (error) {
      const text = `Watching failed: ${sentence(messageOf(error))} This is a bug in tidemark.`
      if (!problems.includes(text) && problems.length < MOST_WARNINGS) problems.push(text)
    }
  }

  /** Outside the GC and at a bounded rate: what a callback must not read. */
  #tick () {
    const session = this.#session
    this.#listen() // a subscriber of diagnostics_channel may have come or gone
    session.load.look()
    session.native.look(session.resources.look(performance.now(), session.load.counters[CONNECTIONS]), machineAvailable())
    this.#drain()
    if (this.#session !== session) return
    for (const way of session.ways) way.tick?.()
    for (const [channel, record] of session.fallen) {
      if (stands(record.status, session) && session.fallen.delete(channel)) this.#tellWithSuspects(session, record)
    }
    session.idleGc.consider(performance.now(), session.doubted.size > 0)
    if (session.evidence.running) this.#collectEvidence(session)
  }

  #collectEvidence (session) {
    const { channels, gc } = session.native.status()
    const levels = Object.fromEntries(channels.map(({ channel, level }) => [channel, level]))
    const due = session.evidence.tick(performance.now(), { fullGcs: gc.major.count, levels })
    this.#askAgain(session, channels)
    if (!due) return
    const leaking = channels.filter(({ channel }) => session.told.has(channel))
    this.#inTurn(session, () => Promise.all(leaking.map((status) => this.#lookAgain(session, status))))
    this.#inTurn(session, () => { if (session.excused.size === 0) session.evidence.rest() })
  }

  /** A growth that was excused is reported once the excuse does not hold any more. */
  #askAgain (session, channels) {
    for (const [channel, excuse] of session.excused) {
      const status = channels.find((each) => each.channel === channel)
      if (status?.state !== 'leaking' || performance.now() - excuse.at < ASK_AGAIN_MS) continue
      excuse.at = performance.now()
      this.#inTurn(session, () => session.evidence.excuse(status, status.timeToLimitMs).then((reason) => {
        if (this.#session !== session || session.excused.get(channel) !== excuse) return
        if (reason !== undefined) Object.assign(excuse, { reason, heldAt: performance.now(), level: status.level })
        else if (goesOn(excuse, status)) this.#tellWithSuspects(session, { ...excuse.record, status })
        // Of what begins later the pace is measured from here.
        else if (performance.now() - excuse.heldAt > FLAT_MS) Object.assign(excuse, { heldAt: performance.now(), level: status.level })
      }))
    }
  }

  /** Turns what the native side queued into events, in the order in which it happened. */
  #drain () {
    const session = this.#session
    if (session === null) return
    const { records, dropped } = session.native.drain()
    session.dropped += dropped
    for (const record of records) {
      // A listener may have stopped the monitor, or started it anew.
      if (this.#session !== session) return
      if (record.gc) this.#publish('gc', gcPayload(record.gc, session.toDate))
      if (record.change) this.#changed(session, record)
      if (record.stats) this.#publish('stats', statsPayload(record.stats, session.toDate))
    }
  }

  #changed (session, record) {
    const { change } = record
    session.evidence.follow(change, performance.now())
    if (change.event === 'leak') this.#leaked(session, record)
    if (change.event === 'recovered') this.#recovering(session, record)
  }

  #recovering (session, record) {
    // What was never told needs no end.
    if (session.doubted.delete(record.status.channel)) return
    this.#inTurn(session, () => this.#recovered(session, record))
  }

  /** A leak waits a moment for its evidence. Not with memwatch's rule: its 'leak' comes before the 'stats' of one GC. */
  #leaked (session, record) {
    const { channel } = record.status
    if (this.#options.detector !== 'memwatch' && !session.told.has(channel) && this.#joins(session, record.status)) return
    if (!session.evidence.running || this.#options.detector === 'memwatch') {
      this.#inTurn(session, () => this.#tell(session, record, []))
      return
    }
    const current = () => {
      if (this.#session !== session || !session.doubted.has(channel)) return undefined
      return session.native.status().channels.find((status) => status.channel === channel)
    }
    const certain = session.told.has(channel) || session.evidence.certain(record.status, record.atMs, current)
    if (certain === true) {
      this.#tellWithSuspects(session, record)
    } else {
      session.doubted.add(channel)
      certain.then((sure) => { if (session.doubted.delete(channel) && sure) this.#tellWithSuspects(session, record) })
    }
  }

  /** @returns {boolean} whether a growth belongs to a leak that is reported already */
  #joins (session, status) {
    const first = partOf(status, [...session.open.values()].map((leak) => leak.status))
    if (first === undefined) return false
    session.open.get(first).channels.add(status.channel)
    return true
  }

  #tellWithSuspects (session, record) {
    const { status } = record
    this.#opens(session, status)
    this.#inTurn(session, () => session.evidence.weigh(status, status.timeToLimitMs)
      .then(({ suspects, excuse: reason }) => {
        if (reason === undefined || session.told.has(status.channel)) this.#tell(session, record, suspects)
        else this.#excuses(session, record, reason)
      }))
  }

  #opens (session, status) {
    const { channels = new Set() } = session.open.get(status.channel) ?? {}
    session.open.set(status.channel, { status, channels })
  }

  #excuses (session, record, reason) {
    const { channel } = record.status
    session.open.delete(channel)
    session.excused.set(channel, { reason, record, at: performance.now(), heldAt: performance.now(), level: record.status.level })
  }

  #tell (session, record, found) {
    if (this.#session !== session) return
    const { channel } = record.status
    if (this.#options.detector !== 'memwatch' && !stands(record.status, session)) {
      session.fallen.set(channel, record)
      return
    }
    this.#opens(session, record.status)
    session.excused.delete(channel)
    const before = session.told.get(channel)
    const suspects = found.length > 0 ? found : before?.suspects ?? []
    const leak = leakPayload(record, session.toDate, this.#options, suspects, before?.signature, channelsOf(session, channel))
    const isIgnored = session.ignored.covers(leak.signature, Date.now())
    session.told.set(channel, { signature: leak.signature, suspects, isIgnored })
    if (isIgnored) return
    this.#publish('leak', leak)
    session.evidence.told(channel, performance.now(), record.status.timeToLimitMs)
  }

  #recovered (session, record) {
    if (this.#session !== session) return
    const { channel } = record.status
    session.fallen.delete(channel)
    if (session.excused.delete(channel)) return
    const told = session.told.get(channel)
    session.told.delete(channel)
    session.open.delete(channel)
    // One that rose with another leak, or is ignored, was not reported.
    if (this.#leaves(session, channel) || told === undefined || told.isIgnored) return
    const { signature } = told
    this.#publish('recovered', recoveredPayload(record, session.toDate, signature))
  }

  #leaves (session, channel) {
    return [...session.open.values()].some(({ channels }) => channels.delete(channel))
  }

  /** Evidence that was not there when the leak was told. */
  async #lookAgain (session, { channel, growthRate = null, timeToLimitMs }) {
    const suspects = await session.evidence.suspects({ channel, growthRate }, timeToLimitMs)
    const before = session.told.get(channel)
    if (this.#session !== session || before === undefined || suspects.length === 0) return
    session.told.set(channel, { ...before, suspects })
    if (!before.isIgnored && isNews(suspects[0], before.suspects[0])) {
      this.#publish('leak-evidence', evidencePayload(channel, before.signature, suspects, channelsOf(session, channel)))
    }
  }

  /** What is told of leaks keeps its order, though a leak waits for its evidence. */
  #inTurn (session, action) {
    const result = session.turn === null ? action() : session.turn.then(action)
    if (result === undefined) return
    // A rejection that nobody handles would end the app.
    const turn = result
      .catch((error) => { session.problems.push(`A leak could not be told: ${messageOf(error)}. This is a bug in tidemark.`) })
      .then(() => { if (session.turn === turn) session.turn = null })
    session.turn = turn
  }

  #publish (event, payload) {
    if (diagnostics[event]?.hasSubscribers) diagnostics[event].publish(payload)
    this.#call(event, payload, (error) => this.#listenerThrew(event, error))
  }

  /** The bug is the app's; a leak detector must not be what turns it into a crash. */
  #listenerThrew (event, cause) {
    this.#tellError(event, createError('ERR_TIDEMARK_LISTENER', [event, cause], { cause }))
  }

  #tellError (topic, error) {
    const warn = () => this.#warn(topic, error)
    if (this.listenerCount('error') === 0) warn()
    else this.#call('error', error, warn)
  }

  /** As `emit` does, but what a listener throws, or rejects with, goes to `threw`, and the next one is called too. */
  #call (event, payload, threw) {
    for (const listener of this.rawListeners(event)) {
      try {
        const result = Reflect.apply(listener, this, [payload])
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

ownClasses.add(Monitor)

/** The most that a level may fall, of the growth that was claimed, while the claim waits for its evidence. */
const FALLEN_SHARE = 0.25

/** Whether what was claimed is still so: a leak may take 18 s to be explained. */
function stands ({ channel, level, growth }, { native }) {
  const now = native.status().channels.find((status) => status.channel === channel)
  if (now === undefined) return true
  if (now.state !== 'leaking') return false
  return !(level - now.level > FALLEN_SHARE * growth)
}

function evidenceNames ({ evidence, snapshots }) {
  return snapshots === 'auto' ? [...evidence, 'retainers'] : evidence
}

/** @returns {number} milliseconds; Infinity where there was none */
function sinceFullGc (native) {
  const last = native.history().samples.at(-1)
  return last === undefined ? Infinity : native.nowMs() - last.atMs
}

/** How often the layout check is tried: a collection between its two readings can make it fail. */
const HOOK_TRIES = 3

/** @returns {string | undefined} why the hook could not be installed */
function installHook (native) {
  let problem
  for (let tries = 0; tries < HOOK_TRIES; tries++) {
    const { heap_size_limit: limit, number_of_native_contexts: contexts } = v8.getHeapStatistics()
    problem = native.installHook(limit, contexts) ?? undefined
    if (problem === undefined) return undefined
  }
  return problem
}

/** On Windows only: Linux tells it in /proc/meminfo, and macOS calls memory free only when nobody uses it for anything. */
function machineAvailable () {
  return process.platform === 'win32' ? require('node:os').freemem() || undefined : undefined
}

/** Fake timers of test runners may be plain objects. */
function unref (timer) {
  timer?.unref?.()
  return timer
}

/** Whether a channel went on growing when its excuse ended: a cache that has just filled is flat, and the verdict hears of it later. */
function goesOn ({ heldAt, level, record }, status) {
  const seconds = (performance.now() - heldAt) / 1000
  if (status.confidence < LEAST_CONFIDENCE) return false
  return level === undefined || !(status.level - level < GOES_ON * (record.status.growthRate ?? 0) * seconds)
}

/** What grows for a reason that will end is not called leaking. */
function excused (status, excuse) {
  return excuse === undefined || status.state !== 'leaking' ? status : { ...status, state: 'suspect', heldBackBy: excuse.reason }
}

/** What rises with a leak that is reported belongs to it. */
function joined (status, open) {
  const first = [...open].find(([, { channels }]) => channels.has(status.channel))
  return first === undefined ? status : { ...status, partOf: first[0] }
}

/** A leak's own channel first, then those that rise with it. */
function channelsOf (session, channel) {
  return [channel, ...session.open.get(channel)?.channels ?? []]
}

function worse (one, other) {
  return STATES.indexOf(one) > STATES.indexOf(other) ? one : other
}

function sameOptions (one, other) {
  return Object.keys(one).every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]))
}

module.exports = { Monitor }
