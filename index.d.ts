import type { EventEmitter } from 'node:events'
import type { ExpressMiddleware } from './express'

/**
 * This thread's monitor. Adding the first listener of 'leak', 'recovered', 'stats' or 'gc', or
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

  interface Tidemark extends EventEmitter {
    /**
     * A leak: once, and again only when it got materially worse or came back. With
     * `detector: 'memwatch'` as memwatch does: after every `consecutive` growths.
     */
    on (event: 'leak', listener: (leak: Leak) => void): this
    /** A leak that was reported has ended. */
    on (event: 'recovered', listener: (recovered: Recovered) => void): this
    /** After every full GC. */
    on (event: 'stats', listener: (stats: Stats) => void): this
    /** After every collection of any kind. */
    on (event: 'gc', listener: (gc: Gc) => void): this
    /** A listener threw; without an 'error' listener that is a process warning. */
    on (event: 'error', listener: (error: TidemarkError) => void): this
    once (event: 'leak', listener: (leak: Leak) => void): this
    once (event: 'recovered', listener: (recovered: Recovered) => void): this
    once (event: 'stats', listener: (stats: Stats) => void): this
    once (event: 'gc', listener: (gc: Gc) => void): this
    once (event: 'error', listener: (error: TidemarkError) => void): this
    off (event: 'leak' | 'recovered' | 'stats' | 'gc' | 'error', listener: (...args: any[]) => void): this

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
    /** The samples after full GCs, and the coarse history behind them. Empty when not running. */
    history (): History
    /** Middleware for Express 4 and 5 and any connect-style server: `app.use(tidemark.express())`. */
    express: ExpressMiddleware
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
    /** Count the requests of all http servers of this thread, as a clock for the detector. Default: true */
    requests?: boolean | undefined
    /** Bytes of RSS at which something outside kills the process, where no cgroup says so; told as limit 'cgroup'. Default: none */
    memoryLimit?: number | undefined
    /** Where samples come from: the GC hook, or Node's perf_hooks. Default: 'auto', the hook where it can be installed */
    source?: 'auto' | 'perf_hooks' | undefined
  }

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
    /** What holds the memory, the most likely first. Empty in this version. */
    suspects: Suspect[]
    pid: number
    threadId: number
    /** All of it in a sentence, for a person. */
    message: string
  }

  interface Suspect {
    kind: string
    description: string
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
    /** memwatch: bytes; from the 3rd full GC on. */
    min?: number
    /** memwatch: bytes; from the 3rd full GC on. */
    max?: number

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
    /** Why this is not called a leak, in words. Undefined when leaking. */
    heldBackBy?: string
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
      /** The lowest limit that applies to this process, and the working set under it. */
      cgroup?: { version: number, limit: number, usage: number }
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
    /** Active handles by type, at the last look. */
    resources: Record<string, number>
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

  interface TidemarkError extends Error {
    code:
      | 'ERR_TIDEMARK_ALREADY_STARTED'
      | 'ERR_TIDEMARK_BINDING_FOREIGN'
      | 'ERR_TIDEMARK_BINDING_MISSING'
      | 'ERR_TIDEMARK_LISTENER'
      | 'ERR_TIDEMARK_LOGGER'
      | 'ERR_TIDEMARK_OPTION'
      | 'ERR_TIDEMARK_UNKNOWN_OPTION'
      | 'ERR_TIDEMARK_UNSUPPORTED_RUNTIME'
    cause?: unknown
  }
}

export = tidemark
