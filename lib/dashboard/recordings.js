'use strict'

const path = require('node:path')
const { clearInterval, setInterval } = require('node:timers')
const { duration } = require('../format')
const { endingOf } = require('../flight/ending')
const { stateOf } = require('../flight/recording')
const { placeOf } = require('../health')
const { rowsIn } = require('./rows')
const { suspectOf } = require('./suspect')
const { trendOf } = require('./trend')
const { ENDINGS, channelRows, mainChannel, stateInWords } = require('./words')

const EVERY_MS = 2000

/** What the readings of a channel are called. */
const READING_OF = { heap: 'usedHeapSize', external: 'externalMemory', native: 'native' }

/** What the page shows of all processes that record themselves in one folder, living and dead. Reads only while somebody looks. */
class Recordings {
  #binding
  #directory
  #onNews
  /** @type {NodeJS.Timeout | undefined} */
  #timer

  /**
   * @param {object} binding
   * @param {string} directory absolute
   * @param {() => boolean} onNews there may be more to see; answers whether anybody looks
   */
  constructor (binding, directory, onNews) {
    this.#binding = binding
    this.#directory = directory
    this.#onNews = onNews
  }

  close () {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** @param {string} subject key of a row; anything else means the first row */
  view (subject) {
    this.#timer ??= setInterval(() => { if (!this.#onNews()) this.close() }, EVERY_MS)
    const found = this.#list()
    const rows = rowsIn(found)
    const chosen = rows.find(({ key }) => key === subject) ?? rows[0]
    return {
      now: Date.now(),
      processes: rows.map(({ key, shown }) => ({ ...shown, isThis: key === chosen.key })),
      ...chosen === undefined ? nobody(this.#directory) : this.#face(chosen, found.filter(({ problem }) => problem !== undefined))
    }
  }

  /** @throws where the folder cannot be read */
  check () {
    this.#binding.listFlights(this.#directory)
  }

  /** The folder may go while somebody looks. */
  #list () {
    try {
      return JSON.parse(this.#binding.listFlights(this.#directory))
    } catch {
      return []
    }
  }

  /** A recording may go between the list and this. */
  #read (file) {
    try {
      return JSON.parse(this.#binding.readFlight(file))
    } catch {
      return null
    }
  }

  #face ({ file, threadId, pid, name, alive }, unreadable) {
    const recording = this.#read(file)
    const isolate = recording?.isolates?.find((each) => each.threadId === threadId)
    if (isolate === undefined) return nobody(this.#directory)
    const { identity, process: pulse, leaks } = recording
    const channels = Object.entries(isolate.channels).map(([channel, status]) => ({ channel, ...status }))
    const words = stateInWords(channels, { state: stateOf(isolate), reason: null })
    const ending = endingOf(recording)
    const own = leaks.filter((leak) => leak.threadId === undefined || leak.threadId === threadId)
    return {
      isLive: alive,
      title: `${name ?? 'a process'}${identity?.version ? ` ${identity.version}` : ''}`,
      subtitle: `process ${pid ?? '?'}${threadId === 0 ? '' : `, thread ${threadId}`}`,
      ...alive
        ? { state: words.state, badge: words.title, sentence: words.sentence, detail: words.detail }
        : { state: 'dead', badge: ENDINGS[ending.cause], sentence: ending.sentence, detail: `When it was last seen: ${words.sentence}` },
      facts: [
        identity && ['Node.js', `${identity.node} on ${identity.platform}, host ${identity.host}`],
        pulse && ['Recorded for', duration(pulse.uptimeMs)],
        pulse && !alive && ['Last seen', new Date(pulse.timeMs).toISOString()],
        ['Full GCs', String(isolate.gc.major.count)]
      ].filter(Boolean),
      channels: channelRows(channels.map((status) => ({ ...status, level: status.level ?? undefined, growthRate: status.growthRate ?? undefined }))),
      limits: limitsOf(isolate, pulse),
      trend: trend(isolate, channels),
      suspects: (own.at(-1)?.suspects ?? []).map(suspectOf),
      told: own.map(({ time, message }) => ({ time: Date.parse(time), kind: 'reported', message })).reverse(),
      problems: unreadable.map((each) => `${path.basename(each.file)}: ${each.problem}`),
      points: pointsOf(isolate.readings)
    }
  }
}

function nobody (directory) {
  return {
    title: 'tidemark',
    subtitle: directory,
    state: 'settling',
    badge: 'Nobody',
    sentence: 'No process has recorded itself in this folder.',
    detail: 'A process does so with tidemark.start({ recorder: DIR }) or TIDEMARK_RECORDER=DIR.',
    facts: [],
    channels: [],
    limits: [],
    trend: null,
    suspects: [],
    told: [],
    problems: [],
    points: []
  }
}

function limitsOf ({ newest }, pulse) {
  return [
    { limit: 'heap', of: 'heap', bytes: newest?.heapSizeLimit },
    { limit: 'cgroup', of: 'rss', bytes: pulse?.groupLimit },
    { limit: 'memoryLimit', of: 'rss', bytes: pulse?.memoryLimit }
  ].filter((each) => Number.isFinite(each.bytes) && each.bytes > 0).map((each) => ({ ...each, name: placeOf(each.limit, { cgroup: { slows: pulse?.groupSlows } }) }))
}

/** The detector's slope through the readings of its window, which a recording knows by the number of its full GCs. */
function trend ({ readings }, channels) {
  const main = mainChannel(channels)
  const name = READING_OF[main?.channel]
  if (main?.growthRate == null || name === undefined) return null
  const first = readings.filter(({ kind }) => kind === 'major').at(-(main.fullGcs ?? 0))?.timeMs ?? 0
  const own = readings.filter((reading) => reading.timeMs >= first && reading[name] !== null && (reading.kind === 'major' || main.channel !== 'heap'))
  const line = trendOf(own.map((reading) => ({ time: reading.timeMs, value: reading[name] })), { growthRate: main.growthRate })
  return line && { ...line, channel: main.channel, limit: main.limit, isLeak: main.state === 'leaking' }
}

/** As the charts take them, see lib/dashboard/live.js. Requests are counted up. */
function pointsOf (readings) {
  /** @type {{timeMs: number, requests: number} | null} */
  let before = null
  return readings.map((reading) => {
    const { timeMs, kind, usedHeapSize, externalMemory, native, rss, requests } = reading
    const isFull = kind === 'major'
    const elapsed = before === null ? 0 : (timeMs - before.timeMs) / 1000
    // Full GCs come at any distance: a rate over a moment says nothing.
    const perSecond = requests == null || before === null || elapsed < 0.4 || requests < before.requests ? null : (requests - before.requests) / elapsed
    if (requests != null && (before === null || elapsed >= 0.4)) before = { timeMs, requests }
    return [Math.round(timeMs), isFull ? usedHeapSize : null, externalMemory, native, rss, perSecond === null ? null : Math.round(perSecond * 100) / 100, null, isFull ? 0 : null]
  })
}

module.exports = { Recordings }
