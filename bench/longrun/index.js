'use strict'

// Services with real packages, healthy and leaky, side by side in real time: the simulation can flatter.
// npm run bench:longrun [-- --minutes 120] [--only NAME,...] [--node FILE] [--json]
//
// Each has a heap of 128 MB. At the pace that is meant, the leaks would reach its limit in 1 to 6 hours. At the end each service's
// growth is measured, and with it when the limit would have been reached, where it was not: a leak reported in time is reported before 15 % of that.
const { fork } = require('node:child_process')
const { once } = require('node:events')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { bytes, duration } = require('../../lib/format')
const { installModules } = require('../install')
const { SERVICES, all } = require('./services')

const HEAP_MB = 128
const IN_TIME = 0.15
/** Code warms up for this share of the run, and growth is measured after it. */
const WARM_UP = 0.1
const PROGRESS_MS = 60000
const LEVELS_MS = 10000

class Service {
  events = []
  levels = []
  crashed = undefined
  #child
  #startedAt
  #load

  constructor ({ name, kind, leaky }, { node, modules, startLoad, say }) {
    Object.assign(this, { name, kind, leaky, startLoad, say })
    this.#child = fork(path.join(__dirname, 'server.js'), [kind, leaky ? 'leak' : 'ok', path.join(__dirname, '..', '..')], {
      execPath: node,
      execArgv: [`--max-old-space-size=${HEAP_MB}`],
      env: { ...process.env, NODE_PATH: modules },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc']
    })
    this.stderr = ''
    this.#child.stderr.on('data', (text) => { this.stderr = (this.stderr + text).slice(-2000) })
    this.#child.on('message', (message) => this.#heard(message))
    this.#child.on('exit', (code, signal) => { 
      if (this.stopped) return
      this.endedMs = this.ms()
      this.crashed = `${signal ?? code} after ${duration(this.endedMs)}`
    })
  }

  ms () {
    return this.#startedAt === undefined ? 0 : Date.now() - this.#startedAt
  }

  async start () {
    while (this.#startedAt === undefined) {
      if (this.crashed) throw new Error(`${this.name} did not start: ${this.stderr}`)
      await Promise.race([once(this.#child, 'message'), once(this.#child, 'exit')])
    }
  }

  #heard ({ event, ...rest }) {
    if (event === 'listening') {
      this.#startedAt = Date.now()
      this.limit = rest.limit
      this.#load = this.startLoad(SERVICES[this.kind], rest.port)
    } else if (event === 'levels') {
      this.levels.push({ at: this.ms(), ...rest })
    } else {
      this.events.push({ at: this.ms(), event, ...rest })
      this.say(`${duration(this.ms())} ${this.name}: ${event}, ${rest.message}`)
    }
  }

  look () {
    if (this.#child.connected) this.#child.send('levels')
  }

  stop () {
    this.stopped = true
    this.answered = this.#load?.answered()
    this.#load?.stop()
    this.#child.kill()
  }

  /** By least squares over the levels of the channel that grows most: bytes per millisecond, and when the limit is reached. */
  growth () {
    const all = this.levels.filter(({ at }) => at >= WARM_UP * this.ms())
    const rates = ['heap', 'external', 'native'].map((channel) => {
      const rows = all.filter(({ levels }) => typeof levels[channel]?.level === 'number').map(({ at, levels }) => [at, levels[channel].level])
      const rate = slope(rows)
      return { channel, rate, killsAfterMs: rate > 0 ? (this.limit - rows[0][1]) / rate : Infinity }
    })
    return rates.reduce((most, each) => each.rate > most.rate ? each : most)
  }

  row () {
    const leak = this.events.find(({ event }) => event === 'leak')
    const { channel, rate, killsAfterMs: projectedMs } = this.growth()
    const killsAfterMs = this.endedMs ?? projectedMs
    const last = this.levels.at(-1)
    const recovered = this.events.filter(({ event }) => event === 'recovered').length
    return {
      service: this.name,
      outcome: this.leaky ? leak ? 'reported' : 'missed' : leak ? 'FALSE ALARM' : 'silent',
      events: this.events.map(({ at, event, channel }) => `${event} ${channel ?? ''} ${duration(at)}`).join(', '),
      share: this.leaky && leak ? leak.at / killsAfterMs : undefined,
      killsAfterMs: this.leaky ? killsAfterMs : undefined,
      growth: `${channel} ${bytes(rate * 3600000)}/h`,
      state: last?.state ?? '',
      reason: leak ? '' : last?.levels[channel]?.heldBackBy ?? '',
      recovered,
      fullGcs: last?.fullGcs ?? 0,
      answered: this.answered,
      crashed: this.crashed
    }
  }
}

function slope (rows) {
  const mean = (column) => rows.reduce((sum, row) => sum + row[column], 0) / rows.length
  const [x, y] = [mean(0), mean(1)]
  const [xx, xy] = rows.reduce(([xx, xy], [at, level]) => [xx + (at - x) ** 2, xy + (at - x) * (level - y)], [0, 0])
  return xx > 0 ? xy / xx : 0
}

function select (only) {
  if (only === undefined) return all()
  const wanted = only.split(',')
  const found = all().filter(({ name }) => wanted.includes(name))
  if (found.length < wanted.length) throw new Error(`There are: ${all().map(({ name }) => name).join(', ')}`)
  return found
}

async function main () {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '120' },
      only: { type: 'string' },
      node: { type: 'string', default: process.execPath },
      json: { type: 'boolean', default: false }
    }
  })
  const say = (text) => process.stderr.write(`${text}\n`)
  const totalMs = Number(values.minutes) * 60000
  if (!(totalMs > 0)) throw new Error('--minutes wants a number above 0')
  const chosen = select(values.only)
  const modules = installModules('longrun', say)
  // Not before: it requires what was installed.
  const { startLoad } = require('./load')
  const services = []
  const stop = () => { for (const service of services) service.stop() }
  process.once('SIGINT', stop)
  try {
    // One after the other: two dozen that start at once would warm up for minutes.
    for (const each of chosen) {
      services.push(new Service(each, { node: values.node, modules, startLoad, say }))
      await services.at(-1).start()
    }
    say(`${services.length} services for ${duration(totalMs)}`)
    const startedAt = Date.now()
    const looks = setInterval(() => services.forEach((service) => service.look()), Math.min(LEVELS_MS, totalMs / 20))
    const progress = setInterval(() => say(progressOf(services, Date.now() - startedAt, totalMs)), PROGRESS_MS)
    await new Promise((resolve) => setTimeout(resolve, totalMs))
    clearInterval(looks)
    clearInterval(progress)
  } finally {
    stop()
  }
  const rows = services.map((service) => service.row())
  if (values.json) console.log(JSON.stringify({ minutes: Number(values.minutes), rows, services: services.map(({ name, levels, events }) => ({ name, levels, events })) }))
  else print(rows, totalMs)
}

function progressOf (services, ms, totalMs) {
  const reported = (leaky) => services.filter((service) => service.leaky === leaky && service.events.some(({ event }) => event === 'leak')).length
  const of = (leaky) => services.filter((service) => service.leaky === leaky).length
  const crashed = services.filter((service) => service.crashed)
  return `${duration(ms)} of ${duration(totalMs)}: ${reported(true)} of ${of(true)} leaks reported, ${reported(false)} of ${of(false)} healthy services` +
    (crashed.length > 0 ? `; ended: ${crashed.map(({ name, crashed }) => `${name} ${crashed}`).join(', ')}` : '')
}

const percent = (share) => share === undefined ? '' : `${(100 * share).toFixed(0)} %`

function print (rows, totalMs) {
  console.table(rows.map(({ service, outcome, events, growth, killsAfterMs, share, state, reason, fullGcs, crashed }) => ({
    service,
    outcome: crashed ? `${outcome}, ended: ${crashed}` : outcome,
    events,
    growth,
    'limit after': Number.isFinite(killsAfterMs) ? duration(killsAfterMs) : '',
    gone: percent(share),
    state,
    'full GCs': fullGcs,
    reason: reason.slice(0, 90)
  })))
  const leaky = rows.filter(({ killsAfterMs }) => killsAfterMs !== undefined)
  const healthy = rows.filter(({ killsAfterMs }) => killsAfterMs === undefined)
  // The others had no time to be late.
  const due = leaky.filter(({ killsAfterMs }) => IN_TIME * killsAfterMs <= totalMs)
  const inTime = leaky.filter(({ share }) => share <= IN_TIME)
  const alarmed = healthy.filter(({ outcome }) => outcome === 'FALSE ALARM')
  console.log(`${duration(totalMs)} of real time: ${leaky.filter(({ outcome }) => outcome === 'reported').length} of ${leaky.length} leaks reported, ` +
    `${inTime.length} before ${IN_TIME * 100} % of the way, of ${due.length} for which that time had passed; ` +
    `${alarmed.length} of ${healthy.length} healthy services with a false alarm; ${rows.filter(({ recovered }) => recovered > 0).length} took one back`)
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
