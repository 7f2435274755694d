'use strict'

const { constants, performance } = require('node:perf_hooks')
const { setImmediate, setInterval, clearInterval } = require('node:timers')
const v8 = require('node:v8')
const { messageOf, sentence } = require('./errors')
const { isBundled, ownClasses } = require('./evidence/own-files')
const { createSource, sourcesOf, startStanding } = require('./evidence/sources')
const { Health, worstOf } = require('./health')
const { IdleGc } = require('./idle-gc')
const { CONNECTIONS, Load } = require('./load')
const { KEEP_REPORTS, ignoredOptions } = require('./options')
const { Pauses } = require('./pauses')
const { ResourceWatch } = require('./resource-watch')
const { hold, lazily, letGo, withSpare } = require('./spare-descriptor')

const stats = lazily(() => require('./stats'))

/** At most this many problems are kept, because nobody reads more. */
const MOST_PROBLEMS = 20

/** At most this many records wait for the code of leaks, because memory has a bound. */
const MOST_WAITING = 1000

const BUNDLED = 'tidemark is bundled into a file of the app: its own code cannot be told from the app\'s, and suspects may name it. ' +
  'Keep it out of the bundle: esbuild `--external:tidemark`, webpack `externals`, Next.js `serverExternalPackages`.'

/** What the native side queues beside changes of the verdict, as bits. */
const INTEREST_STATS = 1
const INTEREST_GC = 2

/** How often the layout check is tried: a collection between its two readings can make it fail. */
const HOOK_TRIES = 3

/** The session of each monitor that runs. @type {WeakMap<object, Session>} */
const running = new WeakMap()

/** @returns {Session | undefined} what lives while a monitor runs */
function sessionOf (monitor) {
  return running.get(monitor)
}

/** What lives from a monitor's start to its stop: hook, timer, what the native side tells, and what is made of it. */
class Session {
  #monitor
  #binding
  #options
  #publisher
  #native
  #load
  #resources = new ResourceWatch()
  #pauses
  #idleGc
  /** What the sources of evidence are given. */
  #means
  /** Sources that listen from the start on. */
  #standing = {}
  /** From the first change of a verdict on: a process that never has one loads neither. @type {InstanceType<typeof import('./evidence').Evidence> | null} */
  #evidence = null
  /** @type {InstanceType<typeof import('./leaks').Leaks> | null} */
  #leaks = null
  /** What the native side queued, and waits for those two to be loaded. */
  #records = []
  /** Why they could not be loaded. @type {string | undefined} */
  #obstacle
  #health
  /** @type {InstanceType<typeof import('./flight').FlightRecorder> | null} */
  #recorder = null
  /** What works beside the watching: each has `start`, `stop` and `problems`, and may have `tick`. */
  #companions
  #source = 'native'
  /** @type {InstanceType<typeof import('./perf-hooks-source').PerfHooksSource> | null} */
  #fallback = null
  #problems
  #dropped = 0
  #timer
  #isEnded = false

  /**
   * @param {object} monitor whose session it is
   * @param {typeof import('../binding')} binding
   * @param {Record<string, any> & {idleGc: boolean, idleGcIntervalMs: number, criticalMs: number}} options all of them
   * @param {InstanceType<typeof import('./publish').Publisher>} publisher
   */
  constructor (monitor, binding, options, publisher) {
    this.#monitor = monitor
    this.#binding = binding
    this.#options = options
    this.#publisher = publisher
    this.#load = new Load(options.requests)
    this.#native = new binding.Watch({
      detector: options.detector,
      consecutive: options.consecutive,
      channels: options.channels,
      historySize: options.historySize,
      memoryLimit: options.memoryLimit,
      gcMajor: constants.NODE_PERFORMANCE_GC_MAJOR,
      gcIncremental: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
      gcWeakcb: constants.NODE_PERFORMANCE_GC_WEAKCB
    }, this.#load.counters, () => this.#unattended(() => this.#drain()))
    this.#pauses = new Pauses(options.maxPauseMs)
    this.#idleGc = new IdleGc(options, this.#native, this.#pauses, () => binding.startIncrementalGc())
    this.#means = {
      binding,
      pauses: this.#pauses,
      resources: () => this.#resources.counts,
      memoryLimit: options.memoryLimit,
      sinceFullGc: () => sinceFullGc(this.#native),
      collect: () => this.#idleGc.collect(performance.now())
    }
    this.#problems = [...isBundled ? [BUNDLED] : [], ...ignoredOptions(options)]
    this.#health = new Health(options, (chapter, details) => this.#tellHealth(chapter, details))
    this.#companions = [...this.#witnesses(), ...this.#waysToSnapshots()]
  }

  start () {
    running.set(this.#monitor, this)
    this.#timer = unref(setInterval(() => this.#unattended(() => this.#tick()), this.#options.sampleIntervalMs))
    hold()
    this.#load.start()
    this.#standing = startStanding(sourcesOf(this.#options), this.#means)
    for (const companion of this.#companions) companion.start()
    this.#startSource()
    this.listen()
    // The first look comes with the next turn, so that a start costs no file reading.
    unref(setImmediate(() => { if (!this.#isEnded) this.#unattended(() => this.#tick()) }))
    this.#publisher.tell('started')
  }

  /** Takes the hook away and forgets what was seen. */
  end () {
    this.#isEnded = true
    running.delete(this.#monitor)
    clearInterval(this.#timer)
    this.#fallback?.stop()
    this.#load.stop()
    this.#leaks?.close()
    this.#evidence?.stop()
    for (const source of Object.values(this.#standing)) source.stop()
    for (const companion of this.#companions) companion.stop()
    this.#native.close()
    letGo()
    this.#publisher.tell('stopped')
  }

  get options () {
    return this.#options
  }

  /** Milliseconds, the option. */
  get maxPauseMs () {
    return this.#pauses.mostMs
  }

  /** As of the last look. */
  get health () {
    return this.#health.now
  }

  /** What the app was told of and goes on. @returns {{channel: string, signature: string, suspects: import('..').LeakSuspect[]}[]} */
  get reportedLeaks () {
    return this.#leaks?.reported ?? []
  }

  /** Tells the native side what to queue. `added` is an event that is about to have a listener. */
  listen (added) {
    const isWanted = (event) => event === added || this.#publisher.hasListeners(event)
    this.#native.listen((isWanted('stats') ? INTEREST_STATS : 0) | (isWanted('gc') ? INTEREST_GC : 0))
  }

  /** A full collection, now and synchronously. */
  gc () {
    if (this.#source === 'native') this.#native.gc()
    else require('./collect-garbage').collectGarbage(this.#binding)
  }

  /** Runs `work` (a heap snapshot): the collections that it causes are counted, not judged or told as 'stats'. */
  unjudged (work) {
    this.#native.pauseJudging()
    try {
      work()
    } finally {
      this.#native.resumeJudging()
    }
  }

  status () {
    const { channels: judged, lost, failed, wakeError, ...rest } = this.#native.status()
    const channels = judged.map((status) => this.#leaks?.shown(status) ?? status)
    const problems = [...this.#problems, ...this.#evidence?.problems ?? [], ...this.#pauses.problems, ...this.#companions.flatMap(({ problems }) => problems)]
    if (rest.memory !== undefined && rest.memory.rss === undefined) {
      problems.push('The resident memory of the process cannot be read (is /proc mounted?): native memory is not judged, and open files are not counted.')
    }
    if (this.#obstacle !== undefined) problems.push(this.#obstacle)
    if (lost > 0) problems.push(`${lost} collections were not recorded. This is a bug in tidemark.`)
    if (failed) problems.push('The GC hook failed and is switched off. This is a bug in tidemark.')
    if (wakeError) problems.push(`Events are delayed until the next sample: ${wakeError}.`)
    if (this.#dropped > 0) {
      problems.push(`${this.#dropped} 'gc' and 'stats' records were dropped: JavaScript ran for too long without a turn of the event loop.`)
    }
    return {
      running: true,
      source: this.#source,
      detector: this.#options.detector,
      state: worstOf(channels.map(({ state }) => state)),
      channels: Object.fromEntries(channels.map(({ channel, ...state }) => [channel, state])),
      ...rest,
      resources: { ...this.#resources.counts },
      evidence: { collecting: this.#isCollecting, durationMs: this.#evidence?.cost ?? costOf(this.#standing) },
      ignored: this.#ignored().all(),
      recorder: this.#recorder?.file ?? null,
      problems
    }
  }

  history () {
    const { samples, coarse } = this.#native.history()
    const toDate = this.#toDate
    return {
      samples: samples.map((sample) => ({ time: toDate(sample.atMs), ...sample })),
      coarse: coarse.map((bucket) => ({ start: toDate(bucket.startMs), end: toDate(bucket.endMs), ...bucket }))
    }
  }

  #toDate = (atMs) => new Date(Date.now() - (this.#native.nowMs() - atMs))

  #ignored = lazily(() => new (require('./ignored').Ignored)(this.#options.ignore))

  get #isCollecting () {
    return this.#evidence?.running === true
  }

  /** What tells of the process where it cannot speak for itself. */
  #witnesses () {
    const witnesses = []
    /** @type {InstanceType<typeof import('./artifacts').Artifacts> | null} */
    let artifacts = null
    if (this.#options.onArtifact !== undefined) {
      const { Artifacts } = require('./artifacts')
      artifacts = new Artifacts(this.#options.onArtifact)
      witnesses.push(artifacts)
    }
    const { report, reportNearHeapLimit } = this.#options
    // Those who say something when V8's heap is full.
    const speakers = []
    // Before the recorder, which keeps where the report is.
    if (report !== undefined || reportNearHeapLimit) {
      const { Reports } = require('./report')
      const plan = { directory: '.', keep: KEEP_REPORTS, ...report, leaks: report !== undefined }
      speakers.push(new Reports(this.#monitor, this.#options, plan, (file) => artifacts?.finished(file)))
      witnesses.push(...speakers)
    }
    if (this.#options.recorder !== undefined) {
      const { FlightRecorder } = require('./flight')
      this.#recorder = new FlightRecorder({
        binding: this.#binding,
        monitor: this.#monitor,
        native: this.#native,
        options: this.#options,
        onPrevious: (previous) => this.#publisher.publish('previous-run', previous)
      })
      witnesses.push(this.#recorder)
    }
    if (this.#options.terminationLog !== undefined) {
      const { TerminationLog } = require('./termination-log')
      speakers.push(new TerminationLog(this.#options.terminationLog, this.#monitor))
      witnesses.push(speakers.at(-1))
    }
    // Last: what it makes of a chapter is what the others have made of it.
    if (reportNearHeapLimit) {
      const { LastWords } = require('./last-words')
      witnesses.push(new LastWords(this.#monitor, this.#native, speakers))
    }
    return witnesses
  }

  #waysToSnapshots () {
    const { signal, snapshotFolder, snapshotNearHeapLimit } = this.#options
    if (signal === undefined && snapshotFolder === undefined && !snapshotNearHeapLimit) return []
    this.#problems.push(...require('./snapshot/folder').folderProblems(this.#options))
    const onError = (error) => this.#publisher.reportError(error.message, error)
    const ways = []
    if (signal !== undefined) {
      const { SnapshotOnSignal } = require('./snapshot/on-signal')
      ways.push(new SnapshotOnSignal(signal, this.#binding, this.#options, onError))
    }
    if (snapshotNearHeapLimit) {
      const { SnapshotNearHeapLimit } = require('./snapshot/near-heap-limit')
      ways.push(new SnapshotNearHeapLimit(this.#binding, this.#options, onError))
    }
    return ways
  }

  #startSource () {
    if (this.#options.source === 'auto') {
      const problem = installHook(this.#native)
      if (!problem) return
      this.#problems.push(`The GC hook could not be installed: ${problem}. ` +
        'Samples come from perf_hooks instead, which costs more and reads the heap shortly after the GC.')
    }
    const { PerfHooksSource } = require('./perf-hooks-source')
    this.#source = 'perf_hooks'
    const fallback = new PerfHooksSource(() => this.#native.nowMs(), (sample) => this.#native.pushSample(sample))
    this.#fallback = fallback
    fallback.start(() => this.#unattended(() => this.#drain()))
  }

  /** What Node.js calls and not the app: a bug of ours there must not end it. */
  #unattended (action) {
    try {
      action()
    } catch (error) {
      this.#problem(`Watching failed: ${sentence(messageOf(error))} This is a bug in tidemark.`)
    }
  }

  #problem (text) {
    if (!this.#problems.includes(text) && this.#problems.length < MOST_PROBLEMS) this.#problems.push(text)
  }

  /** Outside the GC and at a bounded rate: what a callback must not read. */
  #tick () {
    this.listen() // a subscriber of diagnostics_channel may have come or gone
    this.#load.look()
    this.#native.look(this.#resources.look(performance.now(), this.#load.counters[CONNECTIONS]), machineAvailable())
    this.#drain()
    if (this.#isEnded) return
    for (const companion of this.#companions) companion.tick?.()
    const status = this.#native.status()
    this.#leaks?.look(status.channels)
    if (this.#isEnded) return
    const shown = status.channels.map((channel) => this.#leaks?.shown(channel) ?? channel)
    this.#health.look(shown, status.memory, this.#native.heapLimitAsked())
    if (this.#isEnded) return
    this.#idleGc.consider(performance.now(), this.#leaks?.isWaitingForGcs)
    if (this.#isCollecting) this.#collectEvidence(status)
  }

  #tellHealth (chapter, details) {
    if (chapter !== 'critical') {
      this.#publisher.tell(chapter, details)
      return
    }
    const { criticalPayload } = withSpare(() => require('./leak'))
    this.#publisher.tell(chapter, criticalPayload(details, this.#leaks?.signatureOf(details.channel) ?? null))
  }

  #collectEvidence ({ channels, gc }) {
    const levels = Object.fromEntries(channels.map(({ channel, level }) => [channel, level]))
    const isDue = this.#evidence?.tick(performance.now(), { fullGcs: gc.major.count, levels })
    this.#leaks?.review(channels, isDue === true)
  }

  /** Turns what the native side queued into events, in the order in which it happened. */
  #drain () {
    if (this.#isEnded) return
    const { records, dropped } = this.#native.drain()
    this.#dropped += dropped
    this.#records.push(...records)
    // A listener may stop the monitor, or start it anew.
    while (this.#records.length > 0 && !this.#isEnded) {
      if (this.#records[0].change && !this.#hasLeaks()) return
      const record = this.#records.shift()
      if (record.gc) this.#publisher.publish('gc', stats().gcPayload(record.gc, this.#toDate))
      if (record.change) this.#leaks?.changed(record)
      if (record.stats) this.#publisher.publish('stats', stats().statsPayload(record.stats, this.#toDate))
    }
  }

  /** @returns {boolean} false where they cannot be loaded: then the records wait for the next look */
  #hasLeaks () {
    if (this.#leaks !== null) return true
    try {
      this.#createLeaks(withSpare(() => ({ ...require('./evidence'), ...require('./leaks') })))
      this.#obstacle = undefined
      return true
    } catch (error) {
      this.#obstacle = `Leaks are not reported, because the code for it could not be loaded: ${sentence(messageOf(error))} It is tried again.`
      this.#dropped += this.#records.splice(0, this.#records.length - MOST_WAITING).length
      return false
    }
  }

  #createLeaks ({ Evidence, Leaks }) {
    this.#evidence = new Evidence(sourcesOf(this.#options).filter((name) => !Object.hasOwn(this.#standing, name)), (name, sources) =>
      withSpare(() => createSource(name, this.#means, sources)), this.#standing)
    this.#leaks = new Leaks({
      evidence: this.#evidence,
      ignored: this.#ignored(),
      options: this.#options,
      statuses: () => this.#native.status().channels,
      tell: (chapter, details) => this.#publisher.tell(chapter, details),
      onBug: (problem) => this.#problem(problem),
      now: () => performance.now(),
      toDate: this.#toDate,
      slows: () => this.#native.status().memory?.cgroup?.slows === true
    })
  }
}

ownClasses.add(Session)

/** @returns {Record<string, number>} milliseconds, by name */
function costOf (sources) {
  return Object.fromEntries(Object.entries(sources).map(([name, { cost }]) => [name, cost.durationMs]))
}

/** @returns {number} milliseconds; Infinity where there was none */
function sinceFullGc (native) {
  const last = native.history().samples.at(-1)
  return last === undefined ? Infinity : native.nowMs() - last.atMs
}

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

module.exports = { Session, sessionOf }
