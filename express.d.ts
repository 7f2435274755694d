// The same as `require('tidemark').express`: middleware that counts requests beside the memory.

import type { Status } from './index'

/** What the middleware needs of a request: node:http's, and where there is one, Express's route. */
interface RequestLike {
  method?: string | undefined
  url?: string | undefined
  /** Where the router that answered is mounted, as Express says. */
  baseUrl?: string | undefined
  originalUrl?: string | undefined
  /** The route that answered, as Express says. */
  route?: any
}

/** What the middleware needs of a response: node:http's. */
interface ResponseLike {
  statusCode: number
  readonly headersSent: boolean
  readonly writableEnded: boolean
  on (event: 'finish' | 'close', listener: () => void): unknown
  setHeader (name: string, value: string): unknown
  end (): unknown
  end (body: string): unknown
}

/** pino, winston and console fit as they are. */
type LoggerLike =
  | { info: (...args: any[]) => unknown }
  | { log: (...args: any[]) => unknown }

interface ExpressOptions {
  /**
   * Gets the line of stats, at level info: pino and winston with the numbers under the key
   * `tidemark`, console and other loggers as a sentence. Default: none, and nothing is written.
   */
  logger?: LoggerLike | undefined
  /**
   * At most one line in so many milliseconds. It comes `interval` after the first request since the
   * last one; without requests there is none. Default: 60000.
   */
  interval?: number | undefined
}

/** The numbers of one line, as pino and winston get them under the key `tidemark`. */
interface ExpressStats {
  /** How long the interval really was, in milliseconds. */
  intervalMs: number
  /** The worst state of the channels. */
  state: 'settling' | 'steady' | 'suspect' | 'leaking'
  /** The channel that is in this state; the first of them where there are several. */
  channel: 'heap' | 'external' | 'native' | 'resources'
  /** The V8 heap after the last full GC, in bytes; null before the first. */
  heapAfterGc: number | null
  /** Growth of `channel`, in bytes per second (handles per second for 'resources'); null while unknown. */
  growthRate: number | null
  /** Requests whose response was finished. */
  requests: number
  /** Those of them with a status of 500 or more. */
  errors: number
  /** Requests whose client went away before the response was finished; not among `requests`. */
  aborted: number
  /** Requests that are being served now. */
  inFlight: number
  /** Median time from the middleware to the end of the response, in milliseconds; null without requests. */
  p50Ms: number | null
  /** 99th percentile of the same, in milliseconds; null without requests. */
  p99Ms: number | null
  /** Share of the time that was spent in GC pauses, 0 to 1. */
  gcShare: number
  /**
   * Pearson's correlation, -1 to 1, of the mean latency with the heap after GC over the last 60
   * windows of a sixth of `interval` that had requests; null before there are 8, or while one of
   * the two does not change at all.
   */
  latencyMemoryCorrelation: number | null
}

/** One route template and what was asked of it since the middleware was made. */
interface RouteStats {
  /**
   * 'GET /users/:id'. Where no route answered: the mount path and '/*', or '(unmatched)'. From the
   * 500th template on, new ones are counted as '(other)'.
   */
  route: string
  requests: number
  errors: number
  aborted: number
  /** Mean time to the end of the response, in milliseconds; null without a finished one. */
  meanMs: number | null
  /** The longest, in milliseconds; null without a finished one. */
  maxMs: number | null
}

/** What the handler of `express.status()` answers with: `status()` of the monitor, and the traffic. */
type ExpressStatus = Status & {
  /** Since the middleware was made. */
  traffic: Pick<ExpressStats, 'requests' | 'errors' | 'aborted' | 'inFlight'>
  /** Of the running interval and the one before it. */
  latency: Pick<ExpressStats, 'p50Ms' | 'p99Ms'>
  latencyMemoryCorrelation: number | null
  /** The busiest first. */
  routes: RouteStats[]
}

interface ExpressMiddleware {
  /**
   * Makes the middleware, to be mounted before the routes: `app.use(tidemark.express())`. Starts
   * the monitor if it is not running. For Express 4 and 5 and every connect-style server; mounted
   * twice, it counts a request once.
   */
  (options?: ExpressOptions): (req: RequestLike, res: ResponseLike, next?: (error?: any) => void) => void
  /**
   * Makes a handler that answers with the state now, as JSON (`ExpressStatus`):
   * `app.get('/tidemark', tidemark.express.status())`. It tells about the inside of the app, so keep
   * it from the public.
   */
  status (): (req: RequestLike, res: ResponseLike) => void
}

declare const express: ExpressMiddleware

declare namespace express {
  export { ExpressMiddleware, ExpressOptions, ExpressStats, ExpressStatus, LoggerLike, RequestLike, ResponseLike, RouteStats }
}

export = express
