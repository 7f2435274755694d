// Must compile: what the README shows, as an ES module. Found by the package's own name.

import http from 'node:http'
import tidemark, { express, gc, history, off, on, once, start, status, stop } from 'tidemark'
import middleware from 'tidemark/express'
import type { ExpressOptions, ExpressStats } from 'tidemark/express'

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
tidemark.on('error', (error) => console.log(error.code === 'ERR_TIDEMARK_LISTENER', error.cause))
once('leak', (leak) => console.log(leak.signature))
const listener = (leak: tidemark.Leak) => console.log(leak.message)
on('leak', listener)
off('leak', listener)

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
  memoryLimit: 512 * 1024 * 1024,
  source: 'auto'
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
const quiet: ExpressOptions = {}
const line = (stats: ExpressStats): number | null => stats.p99Ms
console.log(tidemark.express(quiet), line)
