// Must compile: what the README shows, as an ES module. Found by the package's own name.

import events from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import tidemark, { express, gc, health, history, off, on, once, start, status, stop } from 'tidemark'
import middleware from 'tidemark/express'
import prometheus from 'tidemark/prometheus'
import fastifyPlugin from 'tidemark/fastify'
import koa from 'tidemark/koa'
import hono from 'tidemark/hono'
import { Hono } from 'hono'
import opentelemetry from 'tidemark/opentelemetry'
import { Registry } from 'prom-client'
import type { Meter } from '@opentelemetry/api'
import type { ExpressOptions, ExpressStats } from 'tidemark/express'
import recycle from 'tidemark/recycle'
import type { RecycleOptions, SteppingState } from 'tidemark/recycle'
import { assertCollected, assertNoLeak, assertServerNoLeak, ignoreLeaks, measureLeak, measureServerLeak, trackLeaks } from 'tidemark/test'
import { toBeCollected, toLeak } from 'tidemark/test/matchers'
import type { LeakTestOptions, LeakTestResult } from 'tidemark/test'

on('leak', (leak) => {
  const when: Date = leak.start
  const growth: number = leak.growth
  const reason: string = leak.reason
  const channel: 'heap' | 'external' | 'native' | 'resources' = leak.channel
  const left: number | null = leak.timeToLimit
  const [low, high] = leak.growthRateInterval ?? [0, 0]
  console.log(when, growth, reason, channel, left, low + high, leak.message)
})
tidemark.on('recovered', ({ channel, message }) => console.log(channel, message))
tidemark.on('stats', (stats) => console.log(stats.num_full_gc.toFixed(), stats.usage_trend, stats.usedHeapSize, stats.gc.minor.count))
tidemark.on('gc', ({ kind, durationMs }) => console.log(kind === 'minor', durationMs.toFixed(1)))
tidemark.on('critical', ({ channel, timeToLimitMs, message }) => console.log(channel, timeToLimitMs, message))
tidemark.on('previous-run', ({ cause, leak, file }) => console.log(cause === 'oom-kill', leak?.suspects[0]?.location?.line, file))
const { ok, reason: why, limit: nearest }: tidemark.Health = health()
console.log(ok, why, nearest === 'memoryLimit')
start({ recorder: '/var/lib/app', terminationLog: true, criticalMs: 60000 })
start({ report: '/var/lib/app', reportNearHeapLimit: true, onArtifact: { command: ['aws', 's3', 'cp'] } })
start({ report: { directory: '/var/lib/app', keep: 3 }, onArtifact: { command: ['sh', '-c', 'true'], timeoutMs: 1000 } })
start({ recorder: { directory: '/var/lib/app', keep: { files: 5 } }, terminationLog: '/dev/termination-log' })
tidemark.on('error', (error) => console.log(error.code === 'ERR_TIDEMARK_LISTENER', error.cause))
once('leak', (leak) => console.log(leak.signature))
const listener = (leak: tidemark.Leak) => console.log(leak.message)
on('leak', listener)
off('leak', listener)

for (const event of ['leak', 'recovered'] as const) tidemark.on(event, ({ channel, signature }) => console.log(event, channel, signature))
const names: tidemark.EventName[] = ['leak', 'leak-evidence', 'recovered', 'critical', 'previous-run', 'stats', 'gc', 'error']
for (const name of names) tidemark.on(name, (payload: tidemark.Events[tidemark.EventName]) => console.log(name, payload))
tidemark.addListener('gc', ({ kind }) => console.log(kind)).prependListener('stats', ({ state }) => console.log(state))
tidemark.prependOnceListener('recovered', ({ level }) => console.log(level)).removeListener('leak', listener)
on('leak', async (leak) => { await Promise.resolve(leak.message) })
const [awaited] = await events.once(tidemark, 'leak')
console.log(awaited, tidemark.listenerCount('leak'))
const emitter: events.EventEmitter = tidemark
console.log(emitter)

const diff: tidemark.HeapDiff = await tidemark.HeapDiff.start({ signal: AbortSignal.timeout(1000), onProgress: ({ phase }) => console.log(phase) })
const result: tidemark.HeapDiffResult = await diff.finish({ force: true })
console.log(new tidemark.HeapDiff({ force: true }).end({ force: false }).change.size)
console.log(result.change.size)
const snapshot = await tidemark.readHeapSnapshot('a.heapsnapshot')
const [suspect] = await snapshot.suspects(await tidemark.readHeapSnapshot('b.heapsnapshot', { signal: AbortSignal.timeout(1000) }))
/** What all suspects have. */
const inShort = ({ description, growth, confidence, location }: tidemark.Suspect): string => `${description} ${growth ?? 0} ${confidence.toFixed(2)} ${location?.file ?? ''}`
tidemark.on('leak', ({ suspects }) => console.log(suspects.map(inShort), suspects.map(({ key }) => key)))
if (suspect !== undefined) console.log(inShort(suspect))
console.log(suspect?.description, suspect?.countGrowth, snapshot.totalSize)

start()
start({})
start({ detector: 'memwatch', consecutive: 5 })
const options: tidemark.Options = {
  channels: ['heap', 'external'],
  historySize: 512,
  sampleIntervalMs: 2000,
  idleGc: false,
  idleGcIntervalMs: 60000,
  requests: true,
  maxPauseMs: 100,
  memoryLimit: 512 * 1024 * 1024,
  source: 'auto',
  snapshots: 'auto',
  signal: 'SIGUSR2',
  snapshotNearHeapLimit: true,
  nearHeapLimitTimeoutMs: 10000,
  snapshotFolder: '/snapshots'
}
tidemark.start(options).on('leak', listener).stop()
gc()
stop()

const now = status()
if (now.running) {
  const state: tidemark.State = now.state
  const held: string | undefined = now.channels.heap?.heldBackBy
  console.log(state, held, now.source, now.memory.cgroup?.limit, now.cost.minorUs)
} else {
  const stopped: 'stopped' = now.state
  console.log(stopped)
}
for (const sample of history().samples) console.log(sample.time.getTime(), sample.usedHeapSize)
for (const bucket of history().coarse) console.log(bucket.start, bucket.heap?.mean)

// Any connect-style server, without @types/express.
const handle = express({ logger: console, interval: 1000 })
const answer = middleware.status()
http.createServer((req, res) => handle(req, res, () => answer(req, res)))
http.createServer(tidemark.express())
http2.createServer(tidemark.express())
http2.createSecureServer({}, (req, res) => handle(req, res, () => answer(req, res)))
const quiet: ExpressOptions = {}
const line = (stats: ExpressStats): number | null => stats.p99Ms
console.log(tidemark.express(quiet), line)

const { path: written, pauseMs, attempts = 0 } = await tidemark.writeHeapSnapshot('x.heapsnapshot', { method: 'auto', signal: AbortSignal.timeout(5000) })
console.log(written.length, pauseMs + attempts)
tidemark.writeHeapSnapshot((error, file) => console.log(error?.message, file?.length))
tidemark.writeHeapSnapshot(undefined, { force: true, redact: true }, () => {})

tidemark.on('leak-evidence', ({ signature, suspects }) => console.log(signature, suspects[0]?.location?.line))
tidemark.expect(new Map(), { max: 1000 })
tidemark.start({ ignore: [{ signature: 'tidemark:heap', reason: 'known' }, { signature: 'tidemark:native', reason: 'known', until: new Date() }] })
const first = await tidemark.census()
const { grew = [], cost } = await tidemark.census({ since: first, heapWide: false, maxPauseMs: 1000 })
console.log(grew[0]?.sizeThen, cost.longestSliceMs)
const { sites, files } = await tidemark.profile({ durationMs: 1000, flameGraph: 'flame.html', signal: AbortSignal.timeout(5000) })
const share: number | null | undefined = sites[0]?.share
console.log(share, files.heapprofile)
tidemark.start({ evidence: [] })

prometheus({ register: new Registry() }).unregister()
declare const meter: Meter
opentelemetry({ meter, runtime: true }).stop()
const exposition: string = tidemark.metricsText() + tidemark.metricsText({ format: 'openmetrics' })
console.log(exposition)
const steps: RecycleOptions = { drainMs: 10000, directory: '/var/lib/app', leave: async (why) => { await Promise.resolve(why) } }
const stepping = recycle(http.createServer(), steps)
const step: SteppingState = stepping.state
stepping.on('state', ({ state, reason }) => console.log(state === 'held', reason, step, stepping.ready()))
recycle()
recycle([http.createServer()]).stop()
recycle.primary({ replaceMs: 10000 }).stop()

new Hono().use(hono({ logger: console })).get('/users/:id', (c) => c.json({}))
const plugin: (instance: { addHook: (name: string) => void }, options: ExpressOptions, done: () => void) => void = fastifyPlugin
const beforeRouter: (context: { req: http.IncomingMessage, res: http.ServerResponse }, next: () => Promise<void>) => Promise<void> = koa({ interval: 1000 })
console.log(plugin, beforeRouter)

const leakTest: LeakTestOptions = { budget: 2000, explain: false, artifacts: 'leaks', ignore: [{ class: 'Session', reason: 'known', until: '2027-01-01' }] }
ignoreLeaks([{ file: 'src/cache.js', reason: 'fills up once' }]).unmatched().map(({ reason }) => reason.length)
await assertNoLeak(() => JSON.parse('{}'), leakTest)
await assertCollected(async () => ({}), { budget: 1000 })
const tested: LeakTestResult = await measureLeak(async () => {})
console.log(tested.verdict === 'undecided', tested.suspects[0]?.location?.line, tested.resources[0]?.remedy, (await tidemark.test.selfCheck()).ok)
const tracker = trackLeaks({ objects: 10 })
console.log((await tracker.end()).message)

declare const matchers: jest.Matchers<void>
await matchers.toLeak({ budget: 2000 })
await matchers.toBeCollected()
console.log([toLeak, toBeCollected].length)

const shop = express()
await assertServerNoLeak(shop, { requests: 5000, connections: 20, budget: 30000 })
await assertServerNoLeak(http.createServer(shop), { urls: ['/', 'POST /orders', { url: '/cart', headers: { cookie: 'id=1' }, expectStatus: [200, 404] }] })
const served = await measureServerLeak((req: http.IncomingMessage, res: http.ServerResponse) => { res.end(req.url) }, { urls: ['/'], ignore: leakTest.ignore })
console.log(served.verdict === 'clean', served.routes[0]?.outlived.alive, served.routes[0]?.suspects[0]?.holder, (error: tidemark.TidemarkError) => error.reason === 'status')
