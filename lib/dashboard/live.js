'use strict'

const path = require('node:path')
const { clearInterval, setImmediate, setInterval } = require('node:timers')
const { threadId } = require('node:worker_threads')
const { messageOf, sentence } = require('../errors')
const { readIdentity } = require('../flight/identity')
const { placeOf } = require('../health')
const { followLeaks } = require('../publish')
const { sessionOf } = require('../session')
const { bytes, duration } = require('../format')
const { Latency } = require('./latency')
const { Neighbours } = require('./neighbours')
const { suspectOf } = require('./suspect')
const { Timeline } = require('./timeline')
const { trendOf } = require('./trend')
const { channelRows, mainChannel, stateInWords } = require('./words')

/** Between two readings: as often as the monitor itself looks, by default. */
const EVERY_MS = 2000
/** Messages that the page lists. */
const MOST_TOLD = 20
/** Suspects of one leak. */
const MOST_SUSPECTS = 8

/** The chapters that say something to a person. */
const TOLD = ['reported', 'evidence', 'critical', 'recovered']

/**
 * What the page shows of the process that it runs in: reads the monitor from a timer, whether somebody looks or not, so
 * that who opens the page sees the time before it.
 */
class Live {
  #monitor
  #onNews
  #timeline = new Timeline()
  #latency = new Latency()
  #readAt = Date.now()
  /** The newest full GC that was shown to those who look. */
  #shownUntil = 0
  /** Of leaks that go on, by channel. @type {Map<string, import('../..').LeakSuspect[]>} */
  #suspects = new Map()
  /** Newest first. @type {{time: number, kind: string, message: string}[]} */
  #told = []
  #identity = readIdentity().identity
  #neighbours = new Neighbours()
  #timer
  #unfollow
  #isNewsPending = false
  /** @type {string | undefined} */
  #problem

  /**
   * @param {import('../..').Tidemark} monitor
   * @param {(isOther: boolean) => void} onNews there is more to see; `isOther`: what was shown before is void
   */
  constructor (monitor, onNews) {
    this.#monitor = monitor
    this.#onNews = onNews
    for (const { channel, suspects } of sessionOf(monitor)?.reportedLeaks ?? []) this.#suspects.set(channel, suspects)
    this.#unfollow = followLeaks(monitor, (chapter, details) => this.#follow(chapter, details))
    this.#latency.start()
    this.#timer = setInterval(() => this.#unattended(() => this.#read()), EVERY_MS)
    this.#timer.unref?.()
  }

  close () {
    clearInterval(this.#timer)
    this.#unfollow()
    this.#latency.stop()
    this.#neighbours.rest()
  }

  /** Nobody looks any more. */
  rest () {
    this.#neighbours.rest()
  }

  /** Everything. */
  view () {
    return { ...this.#face(), points: this.#points() }
  }

  /** What is new since the last one. */
  update () {
    const samples = this.#monitor.history().samples.filter(({ time }) => time.getTime() > this.#shownUntil)
    this.#shownUntil = samples.at(-1)?.time.getTime() ?? this.#shownUntil
    return { ...this.#face(), points: inOrder([...samples.map(fromSample), ...this.#timeline.all().slice(-1).map(fromReading)]) }
  }

  #follow (chapter, details) {
    if (chapter === 'stopped') this.#suspects.clear()
    if (chapter === 'started') this.#timeline.clear()
    if (chapter === 'reported' || chapter === 'evidence') this.#suspects.set(details.channel, details.suspects)
    if (chapter === 'recovered') this.#suspects.delete(details.channel)
    if (TOLD.includes(chapter)) {
      this.#told.unshift({ time: Date.now(), kind: chapter, message: details.message })
      this.#told.length = Math.min(this.#told.length, MOST_TOLD)
    }
    if (chapter !== 'suspected') this.#news(chapter === 'started')
  }

  /** In the next turn, when the monitor's status says so too. */
  #news (isOther) {
    if (this.#isNewsPending && !isOther) return
    this.#isNewsPending = true
    const turn = setImmediate(() => {
      this.#isNewsPending = false
      this.#unattended(() => this.#onNews(isOther))
    })
    turn.unref?.()
  }

  /** What Node.js calls and not the app: a bug of ours there must not end it. */
  #unattended (action) {
    try {
      action()
    } catch (error) {
      this.#problem = `The page failed: ${sentence(messageOf(error))} This is a bug in tidemark.`
    }
  }

  #read () {
    const now = Date.now()
    const { ended, p99Ms } = this.#latency.look()
    const elapsedMs = now - this.#readAt
    this.#readAt = now
    const { memory } = this.#monitor.status()
    if (memory !== undefined) {
      this.#timeline.push({
        time: now,
        external: memory.externalMemory,
        native: memory.native ?? null,
        rss: memory.rss ?? null,
        requests: elapsedMs > 0 ? ended * 1000 / elapsedMs : null,
        p99Ms
      })
    }
    this.#onNews(false)
  }

  #points () {
    const { samples, coarse } = this.#monitor.history()
    const from = samples[0]?.time.getTime() ?? Infinity
    const older = coarse.filter(({ end }) => end.getTime() < from)
    return inOrder([...older.map(fromBucket), ...samples.map(fromSample), ...this.#timeline.all().map(fromReading)])
  }

  #face () {
    const status = this.#monitor.status()
    const { name, version, node, platform } = this.#identity
    const about = {
      now: Date.now(),
      name,
      title: `${name}${version === null ? '' : ` ${version}`}`,
      subtitle: `process ${process.pid}${threadId === 0 ? '' : `, thread ${threadId}`}`,
      told: this.#told
    }
    if (!status.running) {
      return { ...about, state: 'stopped', badge: 'Stopped', sentence: 'tidemark does not watch this process at the moment.', detail: '', facts: [], channels: [], limits: [], trend: null, suspects: [], problems: [] }
    }
    const { memoryLimit, recorder } = sessionOf(this.#monitor)?.options ?? {}
    this.#neighbours.look(recorder && path.resolve(recorder.directory))
    const channels = Object.entries(status.channels).map(([channel, each]) => ({ channel, ...each }))
    const { state, title, sentence, detail } = stateInWords(channels, this.#monitor.health(), status.memory)
    return {
      ...about,
      state,
      badge: title,
      sentence,
      detail,
      facts: [
        ['Node.js', `${node} on ${platform}`],
        ['Watched for', duration(status.uptimeMs)],
        ['Full GCs', `${status.gc.major.count}, ${duration(status.gc.durationMs)} in all collections`],
        ['Samples from', status.source === 'native' ? 'V8\'s GC hook' : 'perf_hooks'],
        ['Own memory', bytes(status.cost.ownMemory)]
      ],
      channels: channelRows(channels),
      limits: limitsOf(status.memory, memoryLimit),
      trend: this.#trend(mainChannel(channels), status.uptimeMs),
      suspects: [...this.#suspects.values()].flatMap((suspects) => suspects.slice(0, MOST_SUSPECTS).map(suspectOf)),
      processes: this.#neighbours.rows.map(({ file, isOf, ...row }) => ({ ...row, isThis: file === status.recorder && isOf === threadId })),
      problems: [...status.problems, ...this.#neighbours.problems, ...this.#problem === undefined ? [] : [this.#problem]]
    }
  }

  /** The detector's line and where it leads, while it rises. */
  #trend (main, uptimeMs) {
    if (main?.growthRate === undefined || main.channel === 'resources') return null
    const [fromMs, toMs] = [main.startMs, main.endMs].map((ms) => Date.now() - uptimeMs + ms)
    const readings = main.channel === 'native'
      ? this.#timeline.all().map(({ time, native }) => ({ time, value: native }))
      : this.#monitor.history().samples.map(({ time, usedHeapSize, externalMemory }) => ({ time: time.getTime(), value: main.channel === 'heap' ? usedHeapSize : externalMemory }))
    const within = readings.filter(({ time, value }) => value !== null && time >= fromMs - 1 && time <= toMs + 1)
    const trend = trendOf(within, { growthRate: main.growthRate, low: main.growthRateLow, high: main.growthRateHigh })
    return trend && { ...trend, channel: main.channel, limit: main.limit ?? null, isLeak: main.state === 'leaking' }
  }
}

function limitsOf (memory, memoryLimit) {
  return [
    { limit: 'heap', of: 'heap', bytes: memory?.heapSizeLimit },
    { limit: 'cgroup', of: 'rss', bytes: memory?.cgroup?.limit },
    { limit: 'memoryLimit', of: 'rss', bytes: memoryLimit }
  ].filter((each) => Number.isFinite(each.bytes)).map((each) => ({ ...each, name: placeOf(each.limit, memory) }))
}

// A point of the charts: [time, heap after a full GC, external, native, rss, requests a second, p99 in milliseconds,
// milliseconds of the full GC]; null where it is not known at this time.

function fromReading ({ time, external, native, rss, requests, p99Ms }) {
  return [time, null, external, native, rss, rounded(requests), rounded(p99Ms), null]
}

function fromSample ({ time, usedHeapSize, externalMemory, rss = null, durationMs }) {
  return [time.getTime(), usedHeapSize, externalMemory, null, rss, null, null, rounded(durationMs)]
}

function fromBucket ({ start, end, heap, external, native }) {
  const [level, other, outside] = [heap, external, native].map((range) => range === undefined ? null : Math.round(range.mean))
  return [(start.getTime() + end.getTime()) / 2, level, other, outside, null, null, null, null]
}

function rounded (value) {
  return value === null ? null : Math.round(value * 100) / 100
}

function inOrder (points) {
  return points.sort(([one], [other]) => one - other)
}

module.exports = { Live }
