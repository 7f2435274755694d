// `require('tidemark/test')`: leaks found before production. Nothing of it runs in the app.

import type { Server as HttpServer } from 'node:http'
import type { Location } from './index'

interface LeakTestOptions {
  /**
   * Milliseconds that the calls may take until it is certain whether memory grows with them. What is clean, and what leaves
   * doubt, is done sooner. 100 to 3600000. Default: 5000; 4000 in Jest and Vitest, which end a test after 5 s, and
   * 1500 in Mocha, which does after 2 s
   */
  budget?: number | undefined
  /** Whether a leak is explained by snapshots: what, where, and who holds it. Default: true */
  explain?: boolean | undefined
  /** Leaks that are known, beside those of `ignoreLeaks()`. Default: none */
  ignore?: readonly IgnoredLeak[] | undefined
  /**
   * A folder that keeps, of each failure, a folder with the first and the last snapshot and a report in Markdown, readable
   * by their owner. Default: none
   */
  artifacts?: string | undefined
  /**
   * Whether a failure of `assertNoLeak()`, `assertServerNoLeak()` or a matcher becomes an annotation on stdout and a part of the job's summary,
   * for GitHub Actions. Default: whether `GITHUB_ACTIONS` is 'true'
   */
  annotations?: boolean | undefined
}

/** By one of three: the class of what gathers, the signature that the result has, or the end of a file's path. */
type IgnoredLeak = ({ class: string } | { signature: string } | { file: string }) & {
  /** Why, for whoever reads it. */
  reason: string
  /** From then on it counts again. Default: never */
  until?: Date | string | undefined
}

interface LeakTestResult {
  /** 'undecided': the message says what would settle it. */
  verdict: 'clean' | 'leaks' | 'undecided'
  /** All of it for a person; of several lines. */
  message: string
  /** How often the function was called. */
  calls: number
  /** The rounds that decided: calls, and the bytes that they added. */
  rounds: Array<{ calls: number, bytes: number }>
  /** Bytes that each call added in the last rounds; null before there were any. */
  bytesPerCall: number | null
  /** Objects of the first suspect that each call added; null without one. */
  objectsPerCall: number | null
  /** What gathered, most bytes first. */
  suspects: LeakTestSuspect[]
  /** What was opened and not closed. */
  resources: LeftOpen[]
  notes: string[]
  /** What here makes memory move or hides where it goes: coverage, a debugger, faked timers. */
  disturbers: Array<{ kind: string, message: string }>
  /** What was left out by a rule. */
  ignored: Array<{ rule: IgnoredLeak, signature: string }>
  /** Files of `artifacts`. */
  files: string[]
  elapsedMs: number
}

interface LeakTestSuspect {
  /** 'Map `sessions`' */
  holder: string
  /** Of what gathers. */
  class: string
  /** Names it, the same in every run: for `ignore`. */
  signature: string
  objectsPerCall: number
  /** Of all that gathers there. */
  bytesPerCall: number
  /** Where the holder stands in the code. */
  location: Location | null
  /** Where it was allocated; of the first suspect alone. */
  allocated: Location | null
  /** What holds the holder, outwards. */
  path: string[]
  /** Where a runner holds it, what to do. */
  note: string | null
}

interface LeftOpen {
  /** As Node.js lists active resources; 'OpenFile' and 'Thread' on Linux. */
  type: string
  /** 'servers' */
  what: string
  count: number
  /** In which they were left open. */
  calls: number
  /** What closes it. */
  remedy: string
  /** Of the last: a port, a file's name. */
  detail: string | null
  /** Where the last was created. */
  location: Location | null
}

interface LeakTracker {
  /** Ends the block, and says what it left behind. */
  end (): Promise<LeakTestResult>
  /** As `end()`, and throws ERR_TIDEMARK_LEAK where it left something behind: `await using`. */
  [Symbol.asyncDispose] (): Promise<void>
}

interface SelfCheck {
  ok: boolean
  seesLeak: boolean
  namesLeak: boolean
  seesClean: boolean
  /** What is not as it should be, in sentences. */
  problems: string[]
  disturbers: LeakTestResult['disturbers']
  node: string
  runner: 'jest' | 'vitest' | 'mocha' | 'node:test' | null
  elapsedMs: number
}

/**
 * Calls `fn` in rounds, one call at a time, until it is certain whether memory or handles grow with the calls.
 * @throws ERR_TIDEMARK_LEAK with `result`; ERR_TIDEMARK_LEAK_UNDECIDED with `result`, where the budget does not suffice;
 *   ERR_TIDEMARK_LEAK_TEST_BUSY where another leak test runs in this thread; ERR_TIDEMARK_LEAK_TEST_TIMEOUT where a call does
 *   not settle within the budget; ERR_TIDEMARK_OPTION; and what `fn` throws. A rule of `ignore` that matches nothing is a
 *   process warning with the code TIDEMARK_LEAK_TEST
 */
export function assertNoLeak (fn: () => unknown, options?: LeakTestOptions): Promise<void>

/** As `assertNoLeak`, and resolves to what was found, whatever that is. */
export function measureLeak (fn: () => unknown, options?: LeakTestOptions): Promise<LeakTestResult>

/**
 * The very object that `make` returns, or resolves to, must become unreachable.
 * @param options `budget`: milliseconds, as above
 * @throws ERR_TIDEMARK_LEAK with the path that holds it; ERR_TIDEMARK_OPTION where it is no object; what `make` throws
 */
export function assertCollected (make: () => unknown, options?: { budget?: number | undefined }): Promise<void>

/**
 * What a block leaves behind, which runs once: whatever is still open, and objects of one class that gathered at one
 * place, `objects` of them at least. Default: 100
 */
export function trackLeaks (options?: { objects?: number | undefined, ignore?: readonly IgnoredLeak[] | undefined }): LeakTracker

/**
 * For a setup file: rules that hold for every leak test of this thread from now on. `unmatched()`: those that matched
 * nothing in this thread so far, and are not past their date.
 */
export function ignoreLeaks (rules: readonly IgnoredLeak[]): { unmatched (): IgnoredLeak[] }

/** Plants a leak and its clean twin, and says whether both are seen here. */
export function selfCheck (): Promise<SelfCheck>

// Servers.

interface ServerLeakOptions {
  /**
   * What is requested, each in rounds of its own. Default: the GET routes without parameters that an Express app has, and
   * an error where it tells none
   */
  urls?: ReadonlyArray<string | ServerRoute> | undefined
  /** Of each route, in all rounds; up to 2,000 more are sent between snapshots. 10 to 10000000. Default: 20000 */
  requests?: number | undefined
  /** At a time. 1 to 10000. Default: 10 */
  connections?: number | undefined
  /** Milliseconds for all routes. 1000 to 3600000. Default: 60000 */
  budget?: number | undefined
  /** Milliseconds in which each request has to be answered. 1000 to 600000. Default: 10000 */
  timeout?: number | undefined
  /** The status, or those, that a route is meant to answer. Default: any from 200 to 399 */
  expectStatus?: number | readonly number[] | undefined
  explain?: LeakTestOptions['explain']
  ignore?: LeakTestOptions['ignore']
  /** As of a function, for each route that fails. */
  artifacts?: LeakTestOptions['artifacts']
  annotations?: LeakTestOptions['annotations']
}

interface ServerRoute {
  /** '/products/1' */
  url: string
  /** Default: 'GET' */
  method?: string | undefined
  headers?: Record<string, string> | undefined
  body?: string | undefined
  expectStatus?: ServerLeakOptions['expectStatus']
}

interface ServerLeakResult {
  /** 'leaks' where one route does, else 'undecided' where one is. */
  verdict: 'clean' | 'leaks' | 'undecided'
  message: string
  routes: RouteLeakResult[]
  /** Such as the routes that were not requested. */
  notes: string[]
  elapsedMs: number
}

/** A call is a request here. */
interface RouteLeakResult extends LeakTestResult {
  /** 'GET /products/1' */
  route: string
  /** Of a sample of requests: those that were still there after the round that followed theirs. */
  outlived: { looked: number, alive: number }
}

/**
 * What can answer: an Express app or another function `(req, res)`, a Koa, Fastify or NestJS app, or a server of
 * node:http, which may listen already and then goes on listening.
 */
type TestedServer =
  | ((req: any, res: any) => unknown)
  | HttpServer
  | { callback (): (req: any, res: any) => unknown }
  | { ready (): unknown, listen (options: any): unknown, close (): unknown, server: object }
  | { getHttpServer (): any }

/**
 * Requests each route of a server by autocannon, from a process of its own, in rounds that double, until it is certain
 * whether memory, objects or handles grow with the requests. What it begins ends with it; where tidemark watches this
 * thread, as the app may have started it, that is stopped.
 * @throws ERR_TIDEMARK_LEAK and ERR_TIDEMARK_LEAK_UNDECIDED with `result`; ERR_TIDEMARK_SERVER where the server does not
 *   answer as it should, ERR_TIDEMARK_LOAD where autocannon is missing, both with `reason`; ERR_TIDEMARK_LEAK_TEST_BUSY.
 *   What was not requested is a process warning with the code TIDEMARK_LEAK_TEST
 */
export function assertServerNoLeak (app: TestedServer, options?: ServerLeakOptions): Promise<void>

/** As `assertServerNoLeak`, and resolves to what was found, whatever that is. */
export function measureServerLeak (app: TestedServer, options?: ServerLeakOptions): Promise<ServerLeakResult>

export { IgnoredLeak, LeakTestOptions, LeakTestResult, LeakTestSuspect, LeakTracker, LeftOpen, RouteLeakResult, SelfCheck, ServerLeakOptions, ServerLeakResult, ServerRoute, TestedServer }
