import type { EventEmitter } from 'node:events'
import type { ExpressMiddleware, RequestLike, ResponseLike } from './express'

/**
 * This thread's monitor. Adding the first listener of an event other than 'error', or
 * `start()`, installs the GC hook; `stop()`, or the removal of the last listener where `start()` was
 * not called, takes it away. It never keeps the process alive.
 */
declare const tidemark: tidemark.Tidemark

declare namespace tidemark {
  /** Where memory can grow: V8's heap; Buffers and ArrayBuffers; everything else that is resident; active handles. */
  type Channel = 'heap' | 'external' | 'native' | 'resources'

  /** What the detector thinks of a channel, from the mildest to the worst. */
  type State = 'settling' | 'steady' | 'suspect' | 'leaking'

  /** Kinds of collection, by the names of OpenTelemetry's `v8js.gc.type`. */
  type GcKind = 'minor' | 'major' | 'incremental' | 'weakcb'

  /** What is hit first: V8's heap limit, the container's memory limit, or the end of the machine's memory. */
  type Limit = 'heap' | 'cgroup' | 'machine'

  /** What the listeners of each event get. */
  interface Events {
    /**
     * A leak: once, and again only when it got materially worse or came back. With
     * `detector: 'memwatch'` as memwatch does: after every `consecutive` growths.
     */
    'leak': Leak
    /** Suspects of a leak that was told before they were known; some 30 s after it (with `snapshots: 'auto'` later), and only when they are news. */
    'leak-evidence': LeakEvidence
    /** A leak that was reported has ended. */
    'recovered': Recovered
    /** Little time or memory is left: once, and again only after all was well. See `health()`. */
    'critical': Critical
    /** With `recorder`: a process of this service ended without a word before this one began. Once. */
    'previous-run': PreviousRun
    /** After every full GC. */
    'stats': Stats
    /** After every collection of any kind. */
    'gc': Gc
    /** A listener threw, or a snapshot on a signal or near the heap's limit failed; without an 'error' listener that is a process warning. */
    'error': TidemarkError
  }

  type EventName = keyof Events

  interface Tidemark extends EventEmitter {
    on <E extends EventName> (event: E, listener: (payload: Events[E]) => void): this
    once <E extends EventName> (event: E, listener: (payload: Events[E]) => void): this
    off <E extends EventName> (event: E, listener: (payload: Events[E]) => void): this
    addListener <E extends EventName> (event: E, listener: (payload: Events[E]) => void): this
    removeListener <E extends EventName> (event: E, listener: (payload: Events[E]) => void): this
    prependListener <E extends EventName> (event: E, listener: (payload: Events[E]) => void): this
    prependOnceListener <E extends EventName> (event: E, listener: (payload: Events[E]) => void): this

    /**
     * Installs the GC hook. Without options, or with the same, a second call does nothing; after an
     * implicit start by a listener, options start it anew with them.
     * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
     * @throws {TidemarkError} `ERR_TIDEMARK_ALREADY_STARTED` when started with other options
     */
    start (options?: Options): this
    /** Takes the hook away and forgets what was seen; listeners stay, and adding one starts it again. Stopping twice does nothing. */
    stop (): this
    /** Runs a full collection, synchronously. One 'stats' follows. */
    gc (): void
    /** The state now, by channel, and how tidemark itself is. */
    status (): Status
    /**
     * Whether this process can go on, as of the last sample: for a readiness check, never for liveness, since a restart
     * is what it is to avoid. Costs nothing. Always ok when not running.
     */
    health (): Health
    /** The samples after full GCs, and the coarse history behind them. Empty when not running. */
    history (): History
    /**
     * Declares how many entries a Map, Set, array, object, emitter or cache may have: its growth up to there is not
     * reported as a leak where it fits into memory.
     * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
     */
    expect (container: object, bounds: { max: number }): void
    /**
     * memwatch's HeapDiff: what was allocated and freed between two moments. V8 takes a heap snapshot
     * for each, in this process, which stands still meanwhile: seconds for 100 MB of small objects.
     */
    readonly HeapDiff: HeapDiffConstructor
    /**
     * Reads and analyses a `.heapsnapshot` file on another thread.
     * @throws {TidemarkError} (rejects) `ERR_TIDEMARK_SNAPSHOT_INVALID` with `reason` and `offset`, `ERR_TIDEMARK_SNAPSHOT_UNREADABLE`
     */
    readHeapSnapshot (file: string, options?: WorkOptions): Promise<HeapSnapshot>
    /**
     * Writes a heap snapshot that opens in Chrome DevTools. By default a forked child writes it, and
     * this process stops for milliseconds only; where that is not possible (it is on Linux x64 with
     * glibc, on the main thread) it is refused, unless `method` asks for V8's own way. The file has
     * its name only when it is complete. One at a time. Keeps the process alive until it is done.
     *
     * `ERR_TIDEMARK_SNAPSHOT_REFUSED`: nothing was begun. `ERR_TIDEMARK_SNAPSHOT_FAILED`: it was begun,
     * and the partial file was removed. Both have a `reason`. An abort rejects with the signal's reason.
     *
     * @param path Default: 'heapdump-<seconds>.<microseconds>.heapsnapshot' in the current folder
     * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
     */
    writeHeapSnapshot (path?: string, options?: SnapshotOptions): Promise<SnapshotResult>
    writeHeapSnapshot (options: SnapshotOptions): Promise<SnapshotResult>
    /** As node-heapdump's writeSnapshot. */
    writeHeapSnapshot (callback: SnapshotCallback): void
    writeHeapSnapshot (path: string | undefined, callback: SnapshotCallback): void
    writeHeapSnapshot (path: string | undefined, options: SnapshotOptions | undefined, callback: SnapshotCallback): void
    /**
     * Counts the containers (Maps, Sets, large arrays, dictionaries, EventEmitters) that can be reached
     * by name, the largest first, in slices of a few milliseconds and without a collection.
     * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
     */
    census (options?: CensusOptions): Promise<Census>
    /**
     * Samples what is allocated and tells what of it stayed alive, by the function that allocated it.
     * Two full GCs, half way and at the end. Evidence that is being collected steps aside for it.
     * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
     * @throws {TidemarkError} `ERR_TIDEMARK_PROFILE_BUSY`, `ERR_TIDEMARK_PROFILE_UNAVAILABLE`, `ERR_TIDEMARK_PROFILE_FILE`
     */
    profile (options?: ProfileOptions): Promise<Profile>
    /**
     * Sends one message for each leak, and when it ends, and when little time is left, to what is named here and to nothing
     * else. Never blocks and never throws into the app: what does not arrive becomes an 'error' event, or else a process warning.
     * Keeps the monitor running.
     * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
     */
    notify (options: NotifyOptions): { stop (): void }
    /**
     * All metrics in the text format of Prometheus, or as OpenMetrics 1.0. The first call starts the monitor, as a listener
     * would. Empty when not running.
     * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
     */
    metricsText (options?: { format?: 'prometheus' | 'openmetrics' | undefined }): string
    /** Middleware for Express 4 and 5 and any connect-style server: `app.use(tidemark.express())`. */
    express: ExpressMiddleware
    /**
     * A live page of this thread: `app.use('/tidemark', tidemark.dashboard())`, for Express, connect and node:http. The
     * first call starts the monitor, as a listener would. It tells about the inside of the app, so keep it from the public.
     * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
     */
    dashboard (options?: DashboardOptions): Dashboard
    /** What `require('tidemark/test')` gives. Loaded when it is asked for. */
    readonly test: typeof import('./test')
  }

  interface DashboardOptions {
    /**
     * Buttons for a full GC and for a heap snapshot, redacted and by fork, in the current folder. Only the page itself can
     * use them. Default: false
     */
    allowActions?: boolean | undefined
    /** Host names, without a port, under which the page may use its buttons, beside localhost and IP addresses. Default: none */
    hosts?: readonly string[] | undefined
    /** Pages that may look at once, each with an open response; further ones get a 503; 1 to 1000. Default: 20 */
    maxStreams?: number | undefined
    /** Where the page is, for a server that does not take the path off `req.url` as Express does. Default: '/' */
    path?: string | undefined
  }

  interface Dashboard {
    (req: RequestLike, res: ResponseLike, next?: (error?: any) => void): void
    /** Ends the open pages and stops reading for them. */
    close (): void
  }

  interface Options {
    /** The rule that decides: the trend detector, or memwatch's `consecutive` growths. Default: 'trend' */
    detector?: 'trend' | 'memwatch' | undefined
    /** Full GCs in a row that must grow, for `detector: 'memwatch'`; 2 to 1000. Default: 5 */
    consecutive?: number | undefined
    /** The channels whose verdict is told. Default: all four */
    channels?: readonly Channel[] | undefined
    /** Full GCs that `history().samples` holds; 16 to 65536, about 150 bytes each. Default: 512 */
    historySize?: number | undefined
    /** Milliseconds between two looks at RSS, limits and handles; 100 to 3600000. Default: 2000 */
    sampleIntervalMs?: number | undefined
    /** Ask V8 for an incremental full GC when suspicious and the event loop is less than 75 % busy. Default: true */
    idleGc?: boolean | undefined
    /** Least milliseconds between two such collections, which come more and more seldom; 1000 to 86400000. Default: 5000 */
    idleGcIntervalMs?: number | undefined
    /** Count the requests of all http servers of this thread, and those in flight, so that growth with the load is not taken for a leak. Default: true */
    requests?: boolean | undefined
    /**
     * What is collected while memory is suspicious, to name the suspects of a leak; `[]` for nothing.
     * Default: all five
     */
    evidence?: readonly EvidenceName[] | undefined
    /**
     * Leaks that are known: the signature of each as the event has it, why, and until when. Not reported, but counted
     * in `status().ignored`. Default: none
     */
    ignore?: readonly IgnoreRule[] | undefined
    /**
     * Milliseconds for which evidence, or a full GC that is asked for while idle, may stop the event loop at once. What
     * is expected to take longer is left out, and `status().problems` says so; 1 to 3600000. Default: 50
     */
    maxPauseMs?: number | undefined
    /** RSS in bytes, or as '512m' or '1g', at which something outside kills the process, where no cgroup says so; told as limit 'cgroup'. Default: none */
    memoryLimit?: number | string | undefined
    /**
     * Where this process records itself for those who look after its end, and for `tidemark ps`: a folder, which may be
     * one for all processes of a machine. One file of 248 kB a process, readable by its owner. `keep` bounds how many files
     * of processes of this name that are gone stay, and for how many days. Default: none; `keep`: 10 files, 7 days
     */
    recorder?: string | { directory: string, keep?: { files?: number | undefined, days?: number | undefined } | undefined } | undefined
    /**
     * Whether the reason stands in the container's termination message while the process leaks or is critical: in
     * '/dev/termination-log', or in the file that is named, which must be there. Default: false
     */
    terminationLog?: boolean | string | undefined
    /**
     * A folder for reports: of each leak a Markdown and a JSON file and a chart, readable by their owner, without what
     * looks like a secret. Written anew when evidence comes and when the leak ends. `keep` bounds the number of reports of
     * this service; the oldest go. Default: none; `keep`: 10
     */
    report?: string | { directory: string, keep?: number | undefined } | undefined
    /**
     * Whether the recorder, the termination message and a report are complete when V8's heap is full, before it ends the
     * process (in a worker thread: before Node.js ends the thread): in the folder of `report`, or in the current one. What
     * is written is prepared at the start, when something is reported, and every 30 s. Default: false
     */
    reportNearHeapLimit?: boolean | undefined
    /**
     * A command that is run for each report (its Markdown file; the other two have the same name and another ending) and
     * each heap snapshot that is complete, with the file's path as its last argument: a program and its arguments, no
     * shell. One at a time, at most 16 wait; what takes longer than `timeoutMs` is ended. Its failure is a problem in
     * `status()`. Default: none; `timeoutMs`: 60000
     */
    onArtifact?: { command: readonly string[], timeoutMs?: number | undefined } | undefined
    /** Milliseconds: with less time left to a limit a process that leaks is critical; 1000 to 86400000. Default: 120000 */
    criticalMs?: number | undefined
    /** Where samples come from: the GC hook, or Node's perf_hooks. Default: 'auto', the hook where it can be installed */
    source?: 'auto' | 'perf_hooks' | undefined
    /**
     * 'auto': a leak of the heap or of external memory that was told is looked at in two heap snapshots
     * by fork, half a minute apart, and 'leak-evidence' tells who holds what grew. Their files are
     * deleted at once. At most every ten minutes; where it is refused, `status().problems` says why.
     * Default: 'off'
     */
    snapshots?: 'off' | 'auto' | undefined
    /**
     * A signal at which a heap snapshot is written into the current folder, by fork and redacted, with
     * the name that `writeHeapSnapshot` has by default. The diagnostics channel 'tidemark:snapshot'
     * gets the result or `{ path, error }`, the 'error' event the error. On Linux `tidemark snapshot --pid`
     * sends it and leaves a request in /tmp: for another path, or for a snapshot that is not redacted.
     * One counts only if it belongs to the user that this process runs as and nobody else can have
     * written it. Default: none
     */
    signal?: 'SIGUSR2' | 'SIGPWR' | 'SIGURG' | 'SIGIO' | 'SIGINFO' | undefined
    /**
     * Whether one heap snapshot is written into the current folder when the heap reaches its limit,
     * before V8 ends the process: by fork and redacted. The heap's limit is raised meanwhile as far as
     * there is memory, by a quarter or 128 MB at most; when there is no more, the process stands still
     * until the file is whole, or `nearHeapLimitTimeoutMs` is over. Told as that of `signal` if the process lives to
     * tell it, otherwise by a line on stderr where V8 asks once more before it ends the process; `status().problems` says beforehand where there is too
     * little memory. Default: false
     */
    snapshotNearHeapLimit?: boolean | undefined
    /**
     * Milliseconds by which `snapshotNearHeapLimit` may delay V8's end of the process, counted from when
     * the heap reaches its limit; 1000 to 600000. The process may hear nothing meanwhile, SIGTERM neither. It is
     * less where the child's progress shows that it will not be done by then. Default: 20000
     */
    nearHeapLimitTimeoutMs?: number | undefined
    /**
     * Where the snapshots of `signal` and `snapshotNearHeapLimit` go; a relative path is resolved at the
     * start. `status().problems` says where it is not there or cannot be written to. Default: the
     * current folder
     */
    snapshotFolder?: string | undefined
  }

  interface IgnoreRule {
    signature: string
    reason: string
    /** From then on it is reported again. Default: never */
    until?: Date | string | undefined
  }

  interface SnapshotOptions {
    /**
     * By a forked child, or in the process, which then stops for seconds to minutes; 'auto' takes
     * the first where it is possible, else the second. Default: 'fork'
     */
    method?: 'fork' | 'in-process' | 'auto' | undefined
    /** Milliseconds that a capture by fork may take, all tries together; 1000 to 86400000. Default: 600000 */
    timeoutMs?: number | undefined
    /** Ends a capture by fork. */
    signal?: AbortSignal | undefined
    /** RSS in bytes, or as '512m' or '1g', at which something outside kills the process, where no cgroup says so. Default: none */
    memoryLimit?: number | string | undefined
    /** Take it though memory may not suffice, or though it was not proved on this Node.js. Default: false */
    force?: boolean | undefined
    /**
     * Replace the contents of strings by their lengths. Names of classes, properties, functions and files
     * stay, and so do keys that a program makes of user data. Default: false
     */
    redact?: boolean | undefined
  }

  interface SnapshotResult {
    /** Absolute. */
    path: string
    method: 'fork' | 'in-process'
    /** Milliseconds that the event loop was stopped. */
    pauseMs: number
    durationMs: number
    /** Size of the file. */
    bytes: number
    /** Children that it took; by fork only. */
    attempts?: number
  }

  type SnapshotCallback = (error: Error | null, path?: string, result?: SnapshotResult) => void

  /** Why there is no snapshot. Those of the second line come with `ERR_TIDEMARK_SNAPSHOT_FAILED`, 'memory' with both. */
  type SnapshotReason =
    | 'busy' | 'path' | 'disk' | 'worker-thread' | 'unsupported' | 'unproved' | 'workers-busy' | 'fork'
    | 'memory' | 'write' | 'timeout' | 'stalled' | 'killed' | 'child' | 'incomplete'

  /** memwatch's fields are `start`, `end`, `growth` and `reason`. */
  interface Leak {
    /** Begin of the window that the numbers are about. */
    start: Date
    /** End of that window. */
    end: Date
    /** Bytes (handles, for 'resources') that the level rose by. */
    growth: number
    /** memwatch's sentence: 'heap growth over 5 consecutive GCs (1m 37s) - 11.67 mb/hr'. */
    reason: string
    channel: Channel
    /** Its own channel, then those that rise with it: they are one leak, and are not reported again. */
    channels: Channel[]
    /** Bytes (handles) per second; null where it cannot be said. */
    growthRate: number | null
    /** The 90 % interval of `growthRate`; null for `detector: 'memwatch'`. */
    growthRateInterval: [low: number, high: number] | null
    /** Bytes (handles) per request, where requests are counted. */
    growthPerRequest: number | null
    /** 0 to 1; null for `detector: 'memwatch'`. */
    confidence: number | null
    /** Full GCs in the window. */
    fullGcs: number
    /** Bytes (handles) after the newest full GC. */
    level: number | null
    /** Seconds until `limit` is reached at this rate; null where there is no limit or no rate. */
    timeToLimit: number | null
    limit: Limit | null
    /** The same leak has the same signature in every process. */
    signature: string
    /** What causes the growth, the most likely first; at most 8. Empty where nothing was found, or there was no time. */
    suspects: LeakSuspect[]
    /** With `report`: its Markdown file, which is written in the next moment; null without. */
    report: string | null
    pid: number
    threadId: number
    /** All of it in a sentence, for a person. */
    message: string
  }

  /** What collects: requests that outlive GCs, allocations that live on, Maps and the like, too many listeners, handles. */
  type EvidenceName = 'routes' | 'sites' | 'containers' | 'listeners' | 'resources'

  /** A possible cause of growth: what the suspects of an event and of snapshots have in common. */
  interface Suspect {
    kind: string
    /** In a sentence. */
    description: string
    /** Bytes that it holds, of an event estimated; null where unknown. */
    bytes: number | null
    /** Bytes that it gained while it was watched, of an event estimated, or since the earlier snapshot; null where unknown. */
    growth: number | null
    /** The share of all growth that it explains, of the leak's or of the heap's, 0 to 1; null where unknown. */
    share: number | null
    /** 0 to 1. */
    confidence: number
    location: Location | null
  }

  /** Of an event. The same cause seen in several ways is one suspect. */
  interface LeakSuspect extends Suspect {
    /** How it was found, where in several ways: the one that says most. */
    kind: 'route' | 'site' | 'container' | 'retainer' | 'listeners' | 'resources'
    /** Names the cause, the same in every process that runs the same code. */
    key: string
    /** What was seen, at most 12. */
    evidence: Observation[]
  }

  /** As in a stack trace; line and column count from 1. Source maps are applied, but not of a snapshot: it may be another machine's. */
  interface Location {
    file: string
    /** null where only the file is known: of a variable in a snapshot. */
    line: number | null
    column: number | null
    function: string | null
  }

  /** One thing that was seen: a sentence, and its numbers under names of their own. */
  interface Observation {
    kind: string
    description: string
    [number: string]: unknown
  }

  interface Health {
    /** False when it is critical. */
    ok: boolean
    /** 'critical': less than `criticalMs` is left, or more than 95 % of a memory limit is in use, or V8 asked for a higher heap limit. */
    state: 'ok' | 'leaking' | 'critical'
    /** In a sentence; null when all is well. */
    reason: string | null
    timeToLimitMs: number | null
    limit: Limit | 'memoryLimit' | null
  }

  interface Critical {
    time: Date
    /** The channel that leaks; null where memory is short without a leak. */
    channel: Channel | null
    /** Of the leak, where one is reported. */
    signature: string | null
    timeToLimitMs: number | null
    limit: Limit | 'memoryLimit' | null
    pid: number
    threadId: number
    message: string
  }

  interface PreviousRun {
    /** When it was last seen: half a second before its end at most. */
    time: Date
    name: string | null
    version: string | null
    pid: number | null
    uptimeMs: number | null
    state: State
    rss: number | null
    /** The nearest limit of its memory. */
    limit: { bytes: number, place: string } | null
    /** The kernel for its memory, V8 at its heap's limit, or neither: then it was killed or crashed. */
    cause: 'oom-kill' | 'heap-limit' | 'killed'
    /** What it had reported last. */
    leak: { signature: string | null, message: string | null, suspects: Pick<LeakSuspect, 'kind' | 'description' | 'location'>[], report: string | null } | null
    /** Processes of this service that ended like that beside it. */
    others: number
    /** Its recorder file: `tidemark recorder FILE`. */
    file: string
    message: string
  }

  interface LeakEvidence {
    time: Date
    channel: Channel
    /** Its own channel, then those that rise with it. */
    channels: Channel[]
    /** The one that the leak was told under. */
    signature: string
    suspects: LeakSuspect[]
    /** With `report`: the leak's Markdown file, which is written anew; null without. */
    report: string | null
    pid: number
    threadId: number
    message: string
  }

  interface CensusOptions {
    /**
     * An earlier census: `grew` says what grew since. One that was JSON in between knows no more than it lists.
     * Default: none
     */
    since?: Census | undefined
    /**
     * Also count what has no name: searches the whole heap for Maps, Sets and EventEmitters, at the price of
     * several full GCs (half a second each at a heap of 75 MB). What is expected to stop the event loop for
     * longer than `maxPauseMs` is left out, and `problems` says so. Default: false
     */
    heapWide?: boolean | undefined
    /** Milliseconds for which this census may stop the event loop at once; 1 to 3600000. Default: that of `start()`, or 50 */
    maxPauseMs?: number | undefined
  }

  interface Census {
    time: Date
    /** At most 50, the largest first; tables of packages, which seldom change, behind all others. */
    containers: CensusEntry[]
    /** At most 50, the ones with most listeners first. */
    emitters: CensusEntry[]
    /** Active handles by type, and on Linux open files as 'OpenFile' and threads as 'Thread'. */
    resources: Record<string, number>
    /** With `since`: at most 50 that have more entries than then, the most new ones first; without those that cannot be told apart. */
    grew?: Array<CensusEntry & { sizeThen: number }>
    /** With `heapWide`. */
    heapWide?: Array<{ type: 'Map' | 'Set' | 'EventEmitter', count: number, largest: Array<{ size: number, name: string | null }> }>
    /** Milliseconds of this thread, what was walked, and whether the walk came to its bounds. */
    cost: { durationMs: number, longestSliceMs: number, objects: number, functions: number, truncated: boolean }
    /** What could not be seen, in words. */
    problems: string[]
  }

  interface CensusEntry {
    /** The same for the same container in every process. */
    key: string
    type: string
    /** In words: '`requests` in app.js'. */
    name: string
    /** Entries, or listeners; of several with this name, of the largest. */
    size: number
    /** At least so many more have this name; undefined where none has. */
    alike?: number
    /** Constructor names of a few entries. */
    holds: string[]
    /** Bytes, estimated from a few entries; null where unknown. */
    bytes: number | null
    /** Where it is filled, or where it is reached from. */
    location: Location | null
  }

  interface NotifyOptions {
    /** An http or https URL that messages are posted to. Redirects are not followed. Default: none */
    webhook?: string | undefined
    /** Further headers of the webhook, such as Authorization. Default: none */
    headers?: Record<string, string> | undefined
    /** What the webhook gets: `{ "text": ... }` as Slack and others take it, the whole `Notification` as JSON, or the text alone. Default: 'slack' */
    format?: 'slack' | 'json' | 'plain' | undefined
    /** A program and its arguments, run without a shell, with the `Notification` as a line of JSON on its standard input. Default: none */
    command?: readonly [string, ...string[]] | undefined
    /** A file to which each `Notification` is appended as a line of JSON. Default: none */
    file?: string | undefined
    /** Milliseconds that a try to reach the webhook, or the command, may take; 100 to 600000. Default: 10000 */
    timeoutMs?: number | undefined
  }

  /** A message of `notify()`. */
  interface Notification {
    event: 'leak' | 'critical' | 'recovered'
    /** Who, and the sentence of the event. */
    text: string
    /** ISO 8601. */
    time: string
    app: string
    version: string | null
    host: string
    pid: number
    threadId: number
    channel: Channel | null
    signature: string | null
    /** Seconds. */
    timeToLimit: number | null
    limit: string | null
    /** The first three. */
    suspects: Array<{ description: string, file: string | null, line: number | null }>
    /** The file of the option `report`. */
    report: string | null
  }

  interface ProfileOptions {
    /** Milliseconds; 100 to 3600000. Default: 30000 */
    durationMs?: number | undefined
    /** Bytes allocated between two samples; 64 to 1073741824. Default: by the rate of allocation, about 1000 samples a second */
    intervalBytes?: number | undefined
    /**
     * File for the profile. By its name: '.pb.gz' or '.pprof' is pprof's format (gzip), which Pyroscope, Parca, speedscope and
     * `go tool pprof` open; anything else is V8's own, which Chrome DevTools opens ('.heapprofile'). Default: none
     */
    path?: string | undefined
    /** File for a flame graph: one HTML page that needs nothing else. Default: none */
    flameGraph?: string | undefined
    signal?: AbortSignal | undefined
  }

  interface Profile {
    /** As V8 made it. */
    profile: { head: object, samples: Array<{ size: number, nodeId: number, ordinal: number }> }
    /** The functions that allocate what stays, the largest growth first; at most 10. */
    sites: LeakSuspect[]
    /** Milliseconds of this thread, without V8's own sampling. */
    cost: { durationMs: number }
    files: { heapprofile: string | null, flamegraph: string | null }
  }

  interface Recovered {
    time: Date
    channel: Channel
    level: number | null
    signature: string
    pid: number
    threadId: number
    message: string
  }

  /** Bytes and milliseconds, where the name says nothing else. */
  interface Stats {
    time: Date
    durationMs: number
    usedHeapSize: number
    totalHeapSize: number
    heapSizeLimit: number
    externalMemory: number
    rss?: number
    /** Requests served since the start, where they are counted. */
    requests?: number
    /** Active handles at the last look. */
    resources?: number
    /** Bytes per second at which the heap rises; undefined where it does not. */
    growthRate?: number
    state: State
    gc: GcCounters

    /** memwatch: full GCs so far. */
    num_full_gc: number
    /** memwatch: incremental steps so far. */
    num_inc_gc: number
    /** memwatch: full GCs so far; V8 compacts with each. */
    heap_compactions: number
    /** memwatch: percent; 0 before the 10th full GC. */
    usage_trend: number
    /** memwatch: bytes. */
    estimated_base: number
    /** memwatch: bytes. */
    current_base: number
    /** memwatch: bytes; from the 3rd full GC on, 0 before. */
    min: number
    /** memwatch: bytes; from the 3rd full GC on, 0 before. */
    max: number

    /** @airbnb/node-memwatch: microseconds since 1970. */
    gc_ts: number
    /** @airbnb/node-memwatch: nanoseconds of this collection. */
    gc_time: number
    gcScavengeCount: number
    /** Nanoseconds. */
    gcScavengeTime: number
    gcMarkSweepCompactCount: number
    /** Nanoseconds. */
    gcMarkSweepCompactTime: number
    gcIncrementalMarkingCount: number
    /** Nanoseconds. */
    gcIncrementalMarkingTime: number
    gcProcessWeakCallbacksCount: number
    /** Nanoseconds. */
    gcProcessWeakCallbacksTime: number
    total_heap_size: number
    used_heap_size: number
    heap_size_limit: number
    external_memory: number
    total_heap_size_executable: number
    total_physical_size: number
    total_available_size: number
    malloced_memory: number
    peak_malloced_memory: number
    [v8Statistic: string]: unknown
  }

  interface Gc {
    time: Date
    kind: GcKind
    /** Somebody asked for it. */
    forced: boolean
    durationMs: number
    /** Undefined where samples come from perf_hooks. */
    usedHeapSizeBefore?: number
    usedHeapSize: number
    totalHeapSize: number
    externalMemory: number
    heapSizeLimit: number
    /** Bytes; read after full GCs only. */
    rss?: number
    requests?: number
    resources?: number
  }

  interface KindCounter {
    count: number
    durationMs: number
  }

  interface GcCounters extends Record<GcKind, KindCounter> {
    /** Milliseconds that all collections took. */
    durationMs: number
  }

  interface ChannelStatus {
    state: State
    /** Bytes (handles) after the newest full GC. */
    level?: number
    /** Bytes (handles) that the level rose by over the window. */
    growth: number
    /** Bytes (handles) per second, where it rises. */
    growthRate?: number
    /** Low end of the 90 % interval. */
    growthRateLow?: number
    /** High end of the 90 % interval. */
    growthRateHigh?: number
    growthPerRequest?: number
    /** 0 to 1. */
    confidence: number
    /** Begin of the window, milliseconds since the start. */
    startMs: number
    /** End of the window, milliseconds since the start. */
    endMs: number
    /** Full GCs in the window. */
    fullGcs: number
    /** Milliseconds until `limit` is reached at this rate. */
    timeToLimitMs?: number
    limit?: Limit
    /** Why this is not called a leak, in words, also where a cache that fills or entries that expire explain it. Undefined when leaking. */
    heldBackBy?: string
    /** The channel of the reported leak that this one rises with. */
    partOf?: Channel
    /** The same for programs: the gate's `name`, and the numbers that the sentence tells. */
    gate?: { name: string, [number: string]: unknown }
  }

  type Status = StoppedStatus | RunningStatus

  interface StoppedStatus {
    running: false
    state: 'stopped'
    channels: Record<string, never>
    problems: string[]
  }

  interface RunningStatus {
    running: true
    /** Where samples come from. */
    source: 'native' | 'perf_hooks'
    detector: 'trend' | 'memwatch'
    /** The worst state of all channels. */
    state: State
    channels: Partial<Record<Channel, ChannelStatus>>
    memory: {
      rss?: number
      usedHeapSize: number
      totalHeapSize: number
      heapSizeLimit: number
      externalMemory: number
      mallocedMemory: number
      /** RSS less V8's heap less external memory, of all watched threads. */
      native?: number
      nativeContexts: number
      detachedContexts: number
      /**
       * The nearest limit of the container, read anew at every look, and what all its processes use of it. `slows`: it is
       * `memory.high`, above which the kernel slows the container instead of killing it. `events`: version 2's counts
       */
      cgroup?: { version: number, limit: number, usage: number, slows: boolean, events?: { high: number, max: number, oomKill: number } }
      machineAvailable?: number
    }
    gc: GcCounters
    /** What tidemark itself costs. */
    cost: {
      /** GC callbacks so far. */
      callbacks: number
      /** Microseconds that the hook took for a collection that is not full, in the mean. */
      minorUs?: number
      /** Microseconds that it took for a full GC, reading RSS and judging included, in the mean. */
      majorUs?: number
      /** Bytes. */
      ownMemory: number
    }
    uptimeMs: number
    requests?: number
    /** Connections that clients have open to the servers of this thread, at the last look. */
    connections?: number
    /** Requests that wait for the end of their response, where requests are counted. */
    requestsInFlight?: number
    /** Active handles by type, and on Linux open files as 'OpenFile' and threads as 'Thread', at the last look. */
    resources: Record<string, number>
    /** The rules of the option `ignore`, and how many leaks each kept from being reported. */
    ignored: Array<{ signature: string, reason: string, until: Date | null, count: number }>
    /** The file that this process records itself in; null before there is one. */
    recorder: string | null
    evidence: {
      /** Whether evidence is collected at the moment. */
      collecting: boolean
      /** Milliseconds that each source took of this thread so far; 'retainers' are the pauses of the snapshots. */
      durationMs: Partial<Record<EvidenceName | 'retainers', number>>
    }
    /** What does not work as it should, in words; empty when all is well. */
    problems: string[]
  }

  interface History {
    /** One a full GC, oldest first; the newest `historySize` of them. */
    samples: HistorySample[]
    /** The time before and beside them in buckets that get wider with age (10 s to 15 days), oldest first. */
    coarse: HistoryBucket[]
  }

  interface HistorySample {
    time: Date
    kind: 'major'
    forced: boolean
    /** Milliseconds since the start. */
    atMs: number
    durationMs: number
    usedHeapSize: number
    totalHeapSize: number
    externalMemory: number
    heapSizeLimit: number
    rss?: number
    requests?: number
    resources?: number
  }

  interface HistoryBucket extends Partial<Record<Channel, HistoryRange>> {
    start: Date
    end: Date
    startMs: number
    endMs: number
    /** Requests served by the end of the bucket. */
    requests?: number
  }

  /** Levels after full GCs within one bucket. */
  interface HistoryRange {
    min: number
    mean: number
    max: number
    fullGcs: number
  }

  /** Of work that runs on another thread. */
  interface WorkOptions {
    /** Ends the work; it rejects with the signal's reason. Default: none */
    signal?: AbortSignal | undefined
    /** Called about ten times a second. What it throws ends the work. Default: none */
    onProgress?: ((progress: WorkProgress) => void) | undefined
  }

  interface WorkProgress {
    phase: 'read' | 'analyse' | 'explain' | 'compare' | 'redact'
    done: number
    /** 0 where it is not known. */
    total: number
  }

  interface HeapDiffForce {
    /** Takes the snapshot although memory may not suffice for it, which ends the process. Default: false */
    force?: boolean | undefined
  }

  interface HeapDiffOptions extends WorkOptions, HeapDiffForce {
    /** Bytes that a snapshot may take outside of V8's heap while it is read; beyond, `ERR_TIDEMARK_SNAPSHOT_TOO_LARGE`. Default: none */
    maxMemory?: number | undefined
  }

  interface HeapDiffConstructor {
    /**
     * Takes the first snapshot. The options also hold for `end` and `finish`.
     * @throws {TidemarkError} `ERR_TIDEMARK_SNAPSHOT_REFUSED` with `reason: 'memory'`, `need` and `available` in bytes, as
     * do all others: in the process V8 would end it where memory does not suffice
     */
    new (options?: HeapDiffForce): HeapDiff
    /** As the constructor, and all but V8's own part is done on another thread. The options also hold for `finish`. */
    start (options?: HeapDiffOptions): Promise<HeapDiff>
  }

  interface HeapDiff {
    /**
     * Takes the second snapshot and compares. Where it is refused it can be ended later.
     * @throws {TidemarkError} `ERR_TIDEMARK_HEAP_DIFF_ENDED` the second time
     */
    end (options?: HeapDiffForce): HeapDiffResult
    /** As `end`, and all but V8's own part is done on another thread. */
    finish (options?: HeapDiffOptions): Promise<HeapDiffResult>
  }

  /** memwatch's shape. Texts read '1.78 mb', '12.5 kb', '512 bytes', with a sign in `change`. */
  interface HeapDiffResult {
    before: { nodes: number, size_bytes: number, size: string }
    after: { nodes: number, size_bytes: number, size: string }
    change: {
      size_bytes: number
      size: string
      freed_nodes: number
      allocated_nodes: number
      details: HeapDiffDetail[]
    }
  }

  interface HeapDiffDetail {
    /** The constructor's name, or Array, String, Code, Closure, RegExp, Number, Symbol, BigInt, Native. */
    what: string
    size_bytes: number
    size: string
    /** Objects that are new. */
    '+': number
    /** Objects that are gone. */
    '-': number
  }

  /** An analysed heap snapshot. Numbers are those of Chrome DevTools; what answers is what `tidemark --json` prints. */
  interface HeapSnapshot {
    /** Bytes of all objects. */
    readonly totalSize: number
    readonly nodeCount: number
    /** What looks like a leak, the most convincing first; with an earlier snapshot, what grew since. */
    suspects (earlier?: HeapSnapshot): Promise<SnapshotSuspect[]>
    /** Classes, duplicate strings, detached contexts; at most `rows` of each. Default: 50 */
    summary (options?: { rows?: number }): Promise<Record<string, any>>
    /** What changed since an earlier snapshot, what grew most first. */
    diff (before: HeapSnapshot, options?: { rows?: number }): Promise<Record<string, any>>
    /** What keeps an object alive: the one with V8's id, or of a class the one that retains most. */
    path (node: { id: number } | { class: string }): Promise<Record<string, any>>
  }

  /** Of a snapshot, or of two. */
  interface SnapshotSuspect extends Suspect {
    kind: 'container' | 'list' | 'large-object' | 'listeners' | 'timers' | 'promises' | 'suspended' | 'async-local-storage' | 'module-cache' | 'sockets' | 'messages' | 'symbol-registry'
    holder: string
    /** V8's id of the holder. */
    id: number
    /** Of what is held. */
    class: string
    count: number
    bytes: number
    /** `bytes` as a share of the heap, 0 to 1. */
    shareOfHeap: number
    /** Objects of the class that it gained since the earlier snapshot; null without one. */
    countGrowth: number | null
    /**
     * 0.95: growth of an object that is the same in both snapshots. 0.7: growth that was matched by description, or a large
     * share of one heap that the application's own code holds. 0.3: the rest.
     */
    confidence: number
    /** From the root to the holder. */
    path: SnapshotStep[]
  }

  interface SnapshotStep {
    id: number
    class: string
    name: string | null
    selfSize: number
    retainedSize: number
    edge: { type: string, name: string } | null
    location: Location | null
  }

  /** Why a server cannot be tested for leaks; the last two of what sends the requests. */
  type ServerFault = 'listen' | 'routes' | 'status' | 'connection' | 'timeout' | 'exit' | 'missing' | 'failed'

  /** Why a snapshot cannot be read. `dense`: it would take more memory than is in proportion to its bytes, which V8's own do not. */
  type SnapshotFault = 'syntax' | 'truncated' | 'layout' | 'counts' | 'range' | 'dense' | 'too-large' | 'file' | 'io' | 'not-found'

  interface TidemarkError extends Error {
    /** The byte of the snapshot at which it shows. */
    offset?: number
    code:
      | 'ERR_TIDEMARK_ALREADY_STARTED'
      | 'ERR_TIDEMARK_BINDING_FOREIGN'
      | 'ERR_TIDEMARK_BINDING_MISSING'
      | 'ERR_TIDEMARK_CANCELLED'
      | 'ERR_TIDEMARK_HEAP_DIFF_ENDED'
      | 'ERR_TIDEMARK_INTERNAL'
      | 'ERR_TIDEMARK_EXPRESS_NOT_CALLED'
      | 'ERR_TIDEMARK_LEAK'
      | 'ERR_TIDEMARK_LEAK_TEST_BUSY'
      | 'ERR_TIDEMARK_LEAK_TEST_TIMEOUT'
      | 'ERR_TIDEMARK_MATCHERS'
      | 'ERR_TIDEMARK_LEAK_UNDECIDED'
      | 'ERR_TIDEMARK_LISTENER'
      | 'ERR_TIDEMARK_LOAD'
      | 'ERR_TIDEMARK_LOGGER'
      | 'ERR_TIDEMARK_METRICS'
      | 'ERR_TIDEMARK_NOTIFY'
      | 'ERR_TIDEMARK_OPTION'
      | 'ERR_TIDEMARK_PROFILE_BUSY'
      | 'ERR_TIDEMARK_PROFILE_FILE'
      | 'ERR_TIDEMARK_PROFILE_UNAVAILABLE'
      | 'ERR_TIDEMARK_RECYCLE'
      | 'ERR_TIDEMARK_RECYCLE_HELD'
      | 'ERR_TIDEMARK_SERVER'
      | 'ERR_TIDEMARK_SNAPSHOT_FAILED'
      | 'ERR_TIDEMARK_SNAPSHOT_INVALID'
      | 'ERR_TIDEMARK_SNAPSHOT_NOT_FOUND'
      | 'ERR_TIDEMARK_SNAPSHOT_REFUSED'
      | 'ERR_TIDEMARK_SNAPSHOT_TOO_LARGE'
      | 'ERR_TIDEMARK_SNAPSHOT_UNREADABLE'
      | 'ERR_TIDEMARK_UNKNOWN_OPTION'
      | 'ERR_TIDEMARK_UNSUPPORTED_RUNTIME'
    /** A word for programs, with the codes `ERR_TIDEMARK_SNAPSHOT_...`, `ERR_TIDEMARK_SERVER` and `ERR_TIDEMARK_LOAD`. */
    reason?: SnapshotReason | SnapshotFault | ServerFault
    /** Bytes: where `reason` is 'memory' or 'disk'. */
    need?: number
    /** Bytes: where `reason` is 'memory' or 'disk'. */
    available?: number
    cause?: unknown
  }
}

export = tidemark
