// `require('tidemark/recycle')`: lets a process that is critical step aside while others take its requests.

import type { EventEmitter } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { Worker } from 'node:cluster'

type Server = HttpServer | HttpsServer

interface RecycleOptions {
  /** How long requests in flight may take, in milliseconds; then the process leaves all the same. Default: 30000. */
  drainMs?: number | undefined
  /** A kept connection over which nothing comes for so many milliseconds is closed. Default: 5000. */
  idleMs?: number | undefined
  /**
   * Between `ready()` being false and the end of new connections, in milliseconds: a balancer needs it to see that the
   * process is not ready. Default: 5000; in a cluster, and without a server, 0.
   */
  noticeMs?: number | undefined
  /** A random time up to this one passes first, in milliseconds. Default: 2000. */
  jitterMs?: number | undefined
  /** Between two processes of the service, in milliseconds. Wants a directory. Default: 10000. */
  intervalMs?: number | undefined
  /** So many processes of the service step aside within an hour, over restarts. Wants a directory. Default: 20. */
  mostPerHour?: number | undefined
  /** A process that is critical sooner after its start stays, in milliseconds. Default: 60000. */
  leastUptimeMs?: number | undefined
  /** Where the processes of the service meet. Its last folder is made where it is missing. Default: the recorder's. */
  directory?: string | undefined
  /**
   * Ends this thread or process, instead of SIGTERM; required in a worker thread. Gets the reason. Nobody is asked
   * for a replacement then.
   */
  leave?: ((reason: string) => unknown) | undefined
}

interface PrimaryOptions {
  /** Starts the replacement. Default: `cluster.fork()`. */
  fork?: (() => Worker) | undefined
  /** A replacement that does not listen after so many milliseconds is ended, if need be killed, and the worker stays. Default: 30000. */
  replaceMs?: number | undefined
}

type SteppingState = 'watching' | 'waiting' | 'replacing' | 'held' | 'notice' | 'draining' | 'leaving' | 'stopped'

interface Stepping extends EventEmitter {
  readonly state: SteppingState
  /** Why it is in this state, as a sentence; null while it watches. */
  readonly reason: string | null
  /** What does not work as it should, in words. */
  readonly problems: string[]
  /** For a readiness check: false as soon as it is certain that this process leaves. */
  ready (): boolean
  /** Steps aside now, in its turn, whatever the state of the memory. */
  stepAside (reason?: string): void
  /** Ends it. A process that is leaving leaves, and so does one whose replacement comes to listen. */
  stop (): void
  on (event: 'state', listener: (change: { state: SteppingState, reason: string | null }) => void): this
  once (event: 'state', listener: (change: { state: SteppingState, reason: string | null }) => void): this
}

interface Recycle {
  /**
   * Starts the monitor if it is not running. null, or no server, where there is nothing to drain. Once a thread until
   * `stop()`: several servers are given in an array.
   * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
   * @throws {TidemarkError} `ERR_TIDEMARK_RECYCLE` where it was called before
   */
  (server?: Server | Server[] | null, options?: RecycleOptions): Stepping
  /**
   * In the primary of a cluster: starts replacements for workers that step aside.
   * @throws {TypeError} `ERR_TIDEMARK_OPTION`, `ERR_TIDEMARK_UNKNOWN_OPTION`
   * @throws {TidemarkError} `ERR_TIDEMARK_RECYCLE` in a worker
   */
  primary (options?: PrimaryOptions): { stop (): void }
}

declare const recycle: Recycle

declare namespace recycle {
  export { PrimaryOptions, Recycle, RecycleOptions, Server, Stepping, SteppingState }
}

export = recycle
