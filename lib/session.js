'use strict'

const { constants, performance } = require('node:perf_hooks')
const { setImmediate, setInterval, clearInterval } = require('node:timers')
const v8 = require('node:v8')
const { messageOf } = require('./errors')
const { collectGarbage } = require('./collect-garbage')
const { Evidence } = require('./evidence')
const { isBundled, ownClasses } = require('./evidence/own-files')
const { sentence } = require('./format')
const { Health } = require('./health')
const { IdleGc } = require('./idle-gc')
const { criticalPayload } = require('./leak')
const { Leaks } = require('./leaks')
const { ignoredOptions } = require('./options')
const { Pauses } = require('./pauses')
const { RequestClock } = require('./request-clock')
const { ResourceWatch } = require('./resource-watch')
const { folderProblems } = require('./snapshot/folder')
const spareDescriptor = require('./spare-descriptor')
const { gcPayload, statsPayload } = require('./stats')

/** At most this many problems are kept, because nobody reads more. */
const MOST_PROBLEMS = 20

const BUNDLED = 'tidemark is bundled into a file of the app: its own code cannot be told from the app\'s, and suspects may name it. ' +
  'Keep it out of the bundle: esbuild `--external:tidemark`, webpack `externals`, Next.js `serverExternalPackages`.'

/** What the native side queues beside changes of the verdict, as bits. */
const INTEREST_STATS = 1
const INTEREST_GC = 2

/** How often the layout check is tried: a collection between its two readings can make it fail. */
const HOOK_TRIES = 3

/** From the mildest to the worst. */
const STATES = ['settling', 'steady', 'suspect', 'leaking']

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
  #requests = new RequestClock()
  #resources = new ResourceWatch()
  #pauses
  #idleGc
  #evidence
  #leaks
  #health
  #recorder = null
  /** What works beside the watching: each has `start`, `stop` and `problems`, and may have `tick`. */
  #companions
  #source = 'native'
  #fallback = null
  #problems
  #dropped = 0
  #timer
  #isEnded = false

  /**
   * @param {object} monitor whose session it is
   * @param {object} binding
   * @param {Record<string, any>} options all of them
   * @param {import('./publish').Publisher} publisher
   */
  constructor (monitor, binding, options, publisher) {
    this.#monitor = monitor
    this.#binding = binding
    this.#options = options
    this.#publisher = publisher
    this.#native = new binding.Monitor({
      detector: options.detector,
      consecutive: options.consecutive,
      channels: options.channels,
      historySize: options.historySize,
      memoryLimit: options.memoryLimit,
      gcMajor: constants.NODE_PERFORMANCE_GC_MAJOR,
      gcIncremental: constants.NODE_PERFORMANCE_GC_INCREMENTAL,
      gcWeakcb: constants.NODE_PERFORMANCE_GC_WEAKCB
    }, this.#requests.counter, () => this.#unattended(() => this.#drain()))
    this.#pauses = new Pauses(options.maxPauseMs)
    this.#idleGc = new IdleGc(options, this.#native, this.#pauses, () => binding.startIncrementalGc())
    this.#problems = [...isBundled ? [BUNDLED] : [], ...ignoredOptions(options), ...folderProblems(options)]
    this.#evidence = this.#newEvidence()
    this.#leaks = new Leaks({
      evidence: this.#evidence,
      options,
      statuses: () => this.#native.status().channels,
      tell: (chapter, details) => publisher.tell(chapter, details),
      onBug: (problem) => this.#problem(problem),
      now: () => performance.now(),
      toDate: this.#toDate
    })
    this.#health = new Health(options, (chapter, details) => this.#tellHealth(chapter, details))
    this.#companions = this.#newCompanions()
  }

  #newEvidence () {
    const means = {
      binding: this.#binding,
      pauses: this.#pauses,
      resources: () => this.#resources.counts,
      memoryLimit: this.#options.memoryLimit,
      sinceFullGc: () => sinceFullGc(this.#native),
      collect: () => this.#idleGc.collect(performance.now())
    }
    return new Evidence(evidenceNames(this.#options), (name, sources) =>
      spareDescriptor.withSpare(() => require('./evidence/sources').createSource(name, means, sources)))
  }

  start () {
    running.set(this.#monitor, this)
    this.#timer = unref(setInterval(() => this.#unattended(() => this.#tick()), this.#options.sampleIntervalMs))
    spareDescriptor.hold()
    if (this.#options.requests) this.#requests.start()
    this.#evidence.begin()
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
    this.#requests.stop()
    this.#leaks.close()
    this.#evidence.end()
    for (const companion of this.#companions) companion.stop()
    this.#native.close()
    spareDescriptor.letGo()
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

  /** Tells the native side what to queue. `added` is an event that is about to have a listener. */
  listen (added) {
    const isWanted = (event) => event === added || this.#publisher.hasListeners(event)
    this.#native.listen((isWanted('stats') ? INTEREST_STATS : 0) | (isWanted('gc') ? INTEREST_GC : 0))
  }

  /** A full collection, now and synchronously. */
  gc () {
    if (this.#source === 'native') this.#native.gc()
    else collectGarbage(this.#binding)
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
    const { channels: judged, lost, failed, deaf, ...rest } = this.#native.status()
    const channels = judged.map((status) => this.#leaks.shown(status))
    const problems = [...this.#problems, ...this.#evidence.problems, ...this.#pauses.problems, ...this.#companions.flatMap(({ problems }) => problems)]
    if (rest.memory !== undefined && rest.memory.rss === undefined) {
      problems.push('The resident memory of the process cannot be read (is /proc mounted?): native memory is not judged, and open files are not counted.')
    }
    if (lost > 0) problems.push(`${lost} collections were not recorded. This is a bug in tidemark.`)
    if (failed) problems.push('The GC hook failed and is switched off. This is a bug in tidemark.')
    if (deaf) problems.push(`Events come with the next look, not at once: ${deaf}.`)
    if (this.#dropped > 0) {
      problems.push(`${this.#dropped} 'gc' and 'stats' records were dropped: JavaScript ran for too long without a turn of the event loop.`)
    }
    return {
      running: true,
      source: this.#source,
      detector: this.#options.detector,
      state: channels.reduce((worst, { state }) => worse(state, worst), STATES[0]),
      channels: Object.fromEntries(channels.map(({ channel, ...state }) => [channel, state])),
      ...rest,
      resources: { ...this.#resources.counts },
      evidence: { collecting: this.#evidence.running, durationMs: this.#evidence.cost },
      ignored: this.#leaks.ignored.all(),
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

  #newCompanions () {
    const onError = (error) => this.#publisher.reportError(error.message, error)
    const companions = []
    if (this.#options.recorder !== undefined) {
      const { FlightRecorder } = require('./flight')
      this.#recorder = new FlightRecorder({
        binding: this.#binding,
        monitor: this.#monitor,
        native: this.#native,
        options: this.#options,
        onPrevious: (previous) => this.#publisher.publish('previous-run', previous)
      })
      companions.push(this.#recorder)
    }
    if (this.#options.terminationLog !== undefined) {
      const { TerminationLog } = require('./termination-log')
      companions.push(new TerminationLog(this.#options.terminationLog, this.#monitor))
    }
    if (this.#options.signal !== undefined) {
      const { SnapshotOnSignal } = require('./snapshot/on-signal')
      companions.push(new SnapshotOnSignal(this.#options.signal, this.#binding, this.#options, onError))
    }
    if (this.#options.snapshotNearHeapLimit) {
      const { SnapshotNearHeapLimit } = require('./snapshot/near-heap-limit')
      companions.push(new SnapshotNearHeapLimit(this.#binding, this.#options, onError))
    }
    return companions
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
    this.#fallback = new PerfHooksSource(() => this.#native.nowMs(), (sample) => this.#native.pushSample(sample))
    this.#fallback.start(() => this.#unattended(() => this.#drain()))
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
    this.#native.look(this.#resources.look(performance.now()), machineAvailable())
    this.#drain()
    if (this.#isEnded) return
    for (const companion of this.#companions) companion.tick?.()
    const status = this.#native.status()
    this.#leaks.look(status.channels)
    if (this.#isEnded) return
    this.#health.look(status.channels.map((channel) => this.#leaks.shown(channel)), status.memory, this.#native.heapLimitAsked())
    if (this.#isEnded) return
    this.#idleGc.consider(performance.now(), this.#leaks.isWaitingForGcs)
    if (this.#evidence.running) this.#collectEvidence(status)
  }

  #tellHealth (chapter, details) {
    this.#publisher.tell(chapter, chapter === 'critical' ? criticalPayload(details, this.#leaks.signatureOf(details.channel)) : details)
  }

  #collectEvidence ({ channels, gc }) {
    const levels = Object.fromEntries(channels.map(({ channel, level }) => [channel, level]))
    const isDue = this.#evidence.tick(performance.now(), { fullGcs: gc.major.count, levels })
    this.#leaks.review(channels, isDue)
  }

  /** Turns what the native side queued into events, in the order in which it happened. */
  #drain () {
    if (this.#isEnded) return
    const { records, dropped } = this.#native.drain()
    this.#dropped += dropped
    for (const record of records) {
      // A listener may have stopped the monitor, or started it anew.
      if (this.#isEnded) return
      if (record.gc) this.#publisher.publish('gc', gcPayload(record.gc, this.#toDate))
      if (record.change) this.#leaks.changed(record)
      if (record.stats) this.#publisher.publish('stats', statsPayload(record.stats, this.#toDate))
    }
  }
}

ownClasses.add(Session)

function evidenceNames ({ evidence, snapshots }) {
  return snapshots === 'auto' ? [...evidence, 'retainers'] : evidence
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

function worse (one, other) {
  return STATES.indexOf(one) > STATES.indexOf(other) ? one : other
}

module.exports = { Session, sessionOf }
