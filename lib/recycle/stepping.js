'use strict'

const cluster = require('node:cluster')
const { EventEmitter } = require('node:events')
const { performance } = require('node:perf_hooks')
const { setTimeout: wait } = require('node:timers/promises')
const { createError, messageOf, sentence } = require('../errors')
const { duration } = require('../format')
const { followLeaks, keepRunning } = require('../publish')
const { Connections } = require('./connections')
const { leave } = require('./leave')
const { askForReplacement } = require('./replacement')
const { Turn } = require('./turn')

/** How often it is looked whether it is our turn. */
const LOOK_MS = 250
/** After it could not be, it is tried again. */
const RETRY_MS = 30000

/** Beside drainMs and noticeMs, what a turn may take: the replacement's start, and the app's own end. */
const TURN_SLACK_MS = 60000

/**
 * What is known of the leak must outlive the process, and its suspects come some seconds after the verdict: so long
 * they are waited for, and for no larger share of the time that is left.
 */
const REPORT_MS = 20000
const REPORT_SHARE = 1 / 4

/** Outside of a cluster a balancer has to see first that this process is not ready. */
const NOTICE_MS = 5000

/** States from which there is no way back. The replacement of 'replacing' would be one process too many. */
const GOING = ['notice', 'draining', 'leaving']

/**
 * One process, or thread, that steps aside when it is critical:
 *
 * watching -> waiting (for its turn) -> replacing (in a cluster: until another worker listens) -> notice (not
 * ready any more) -> draining -> leaving; or held: it may not, and says why. Well again, it watches on.
 */
class Stepping extends EventEmitter {
  #monitor
  #binding
  #options
  #connections
  #listens
  #directory
  #reportError
  #state = 'watching'
  #reason = null
  #problems = []
  /** @type {InstanceType<typeof Turn> | null} */
  #turn = null
  /** By the app, and not by the state of the memory. */
  #isAsked = false
  #heldFor = new Set()
  #isReplacementThere = false
  /** The app was told of the leak. */
  #isReported = false
  /** Ends a wait. */
  #calm = new AbortController()
  #unfollow
  /** Lets the monitor stop. */
  #letGo
  /** `stop()` was called while the replacement started. */
  #isStopWanted = false

  /**
   * @param {object} means
   * @param {import('../..').Tidemark} means.monitor
   * @param {object} means.binding
   * @param {import('node:http').Server[]} means.servers
   * @param {Record<string, any>} means.options
   * @param {() => string | undefined} means.directory where the processes of the service meet
   * @param {(topic: string, error: Error) => void} means.reportError what failed where nobody called
   */
  constructor ({ monitor, binding, servers, options, directory, reportError }) {
    super()
    this.#monitor = monitor
    this.#binding = binding
    this.#options = options
    this.#listens = servers.length > 0
    this.#connections = new Connections(servers, options.idleMs)
    this.#directory = directory
    this.#reportError = reportError
    this.#letGo = keepRunning(monitor)
    this.#unfollow = followLeaks(monitor, (chapter, details) => this.#follow(chapter, details))
    const health = monitor.health()
    if (health.state === 'critical') this.#begin(health)
  }

  /** One of those above, or 'stopped'. */
  get state () {
    return this.#state
  }

  /** Why it is in this state, as a sentence. */
  get reason () {
    return this.#reason
  }

  /** What does not work as it should, in words. */
  get problems () {
    return [...this.#problems]
  }

  /** For a readiness check: false as soon as it is certain that this process leaves. */
  ready () {
    return !GOING.includes(this.#state)
  }

  /** Now, whatever the state of the memory. */
  stepAside (reason = 'The app has called stepAside().') {
    if (this.#state !== 'watching' && this.#state !== 'held') return
    this.#isAsked = true
    this.#watchOn()
    this.#begin({ reason: String(reason), timeToLimitMs: null })
  }

  /** Ends it. A process that is leaving leaves, and so does one whose replacement comes to listen. */
  stop () {
    if (this.#state === 'replacing') this.#isStopWanted = true
    else if (this.#state !== 'stopped' && !GOING.includes(this.#state)) this.#stop()
  }

  #stop () {
    this.#unfollow()
    this.#letGo()
    this.#connections.release()
    this.#set('stopped', null)
    this.#calm.abort()
  }

  #follow (chapter, details) {
    if (chapter === 'reported') this.#isReported = true
    if (chapter === 'recovered' || chapter === 'stopped') this.#isReported = false
    const isCritical = chapter === 'health' ? details.state === 'critical' : undefined
    if (isCritical && this.#state === 'watching') this.#begin(details)
    if ((isCritical === false || chapter === 'stopped') && !this.#isAsked) this.#watchOn()
  }

  #watchOn () {
    if (this.#state !== 'waiting' && this.#state !== 'held') return
    this.#set('watching', null)
    this.#calm.abort()
    this.#calm = new AbortController()
  }

  #begin (health) {
    this.#stepAside(health, this.#calm.signal).catch((error) => {
      // Well again, or stopped.
      if (error?.name === 'AbortError') return
      this.#problem(`Stepping aside failed: ${sentence(messageOf(error))}`, error)
    })
  }

  async #stepAside ({ reason, timeToLimitMs }, calm) {
    this.#set('waiting', reason)
    const aliveMs = performance.now()
    if (aliveMs < this.#options.leastUptimeMs && !this.#isAsked) {
      // For good: that it may leave later would be a restart loop, only slower.
      this.#hold(`It is critical ${duration(aliveMs)} after its start, and its replacement would be as soon (\`leastUptimeMs\` is ${duration(this.#options.leastUptimeMs)}). ${reason}`)
      return
    }
    await pause(Math.random() * this.#options.jitterMs, calm)
    await this.#hearOfLeak(timeToLimitMs, calm)
    while (!await this.#tryToLeave(reason, calm)) {
      await pause(RETRY_MS, calm)
      // It may have been well again while the primary was asked.
      if (!this.#isAsked && this.#monitor.health().state !== 'critical') return this.#set('watching', null)
    }
    await this.#leave(reason)
  }

  /** @param {number | null} leftMs null: it is not a leak that ends it */
  async #hearOfLeak (leftMs, calm) {
    const until = performance.now() + (leftMs === null ? 0 : Math.min(REPORT_MS, REPORT_SHARE * leftMs))
    while (!this.#isReported && performance.now() < until) await pause(LOOK_MS, calm)
  }

  /** It is tried again whatever fails. */
  async #tryToLeave (reason, calm) {
    try {
      return await this.#mayLeave(reason, calm)
    } catch (error) {
      if (calm.aborted) throw error
      this.#hold(`Stepping aside failed: ${sentence(messageOf(error))}`, error)
      return false
    }
  }

  /** Its turn has come, and in a cluster its replacement listens. */
  async #mayLeave (reason, calm) {
    if (!await this.#hasTurn(calm)) return false
    if (!cluster.isWorker || isPm2(process.env) || this.#options.leave !== undefined) return true
    this.#set('replacing', reason)
    const answer = await askForReplacement({ listens: this.#listens, forMs: this.#mostMs })
    this.#isReplacementThere = answer === 'ready'
    if (answer === 'ready') return true
    if (this.#isStopWanted) {
      this.#stop()
      await this.#turn?.release()
      calm.throwIfAborted()
    }
    if (answer === 'nobody') {
      this.#problem('The primary starts no replacement before this worker leaves: call `require(\'tidemark/recycle\').primary()` there.')
      return true
    }
    await this.#turn?.release()
    this.#hold(`It has no replacement: ${sentence(answer.reason)}`)
    return false
  }

  async #hasTurn (calm) {
    const turn = this.#turn ??= new Turn(this.#binding, this.#directory(), this.#options)
    for (;;) {
      const answer = await this.#ask(turn)
      if (calm.aborted) await turn.release()
      calm.throwIfAborted()
      if (answer.isOurs) return true
      if (answer.isSpent) {
        this.#hold(answer.reason)
        return false
      }
      this.#set('waiting', answer.reason)
      await pause(LOOK_MS, calm)
    }
  }

  /**
   * A folder that cannot be used is no reason to die of the leak.
   * @param {InstanceType<typeof Turn>} turn
   * @returns {ReturnType<InstanceType<typeof Turn>['ask']>}
   */
  async #ask (turn) {
    try {
      return await turn.ask(this.#mostMs)
    } catch (error) {
      this.#problem(`This process does not wait for its turn, because the folder cannot be used: ${sentence(messageOf(error))}`, error)
      return { isOurs: true }
    }
  }

  /** How long a turn takes. */
  get #mostMs () {
    return this.#noticeMs + 2 * this.#options.drainMs + TURN_SLACK_MS
  }

  get #noticeMs () {
    return this.#options.noticeMs ?? (cluster.isWorker || !this.#listens ? 0 : NOTICE_MS)
  }

  async #leave (reason) {
    const { drainMs, leave: leaveByApp } = this.#options
    this.#unfollow()
    this.#set('notice', reason)
    await this.#record()
    await wait(this.#noticeMs)
    if (this.#connections.areClosed) this.#problem('The server was closed already when this process stepped aside.')
    this.#set('draining', reason)
    await this.#drain(drainMs)
    this.#set('leaving', reason)
    if (leaveByApp === undefined) {
      this.#turn?.releaseAtExit()
      await leave({ mostMs: drainMs, isReplaced: this.#isReplacementThere })
      return
    }
    try {
      await leaveByApp(reason)
    } finally {
      await this.#turn?.release()
    }
  }

  async #record () {
    try {
      await this.#turn?.record()
    } catch (error) {
      this.#problem(`That this process steps aside does not count for \`mostPerHour\`, because the folder cannot be used: ${sentence(messageOf(error))}`, error)
    }
  }

  /** It leaves all the same. */
  async #drain (mostMs) {
    try {
      const open = await this.#connections.drain(mostMs)
      if (open > 0) this.#problem(`${open} ${open === 1 ? 'request was' : 'requests were'} not answered within ${duration(mostMs)} (\`drainMs\`).`)
    } catch (error) {
      this.#problem(`The server could not be closed: ${sentence(messageOf(error))}`, error)
    }
  }

  /** Said once, and not at each try. */
  #hold (reason, cause) {
    const isNew = !this.#heldFor.has(reason)
    this.#heldFor.add(reason)
    this.#set('held', reason)
    if (isNew) this.#reportError(reason, createError('ERR_TIDEMARK_RECYCLE_HELD', [reason], { cause }))
  }

  #problem (text, cause) {
    if (this.#problems.includes(text)) return
    this.#problems.push(text)
    this.#reportError(text, createError('ERR_TIDEMARK_RECYCLE', [text], { cause }))
  }

  #set (state, reason) {
    const isNew = state !== this.#state
    this.#state = state
    this.#reason = reason
    if (!isNew) return
    try {
      this.emit('state', { state, reason })
    } catch (cause) {
      this.#reportError('recycle state', createError('ERR_TIDEMARK_LISTENER', ['state', cause], { cause }))
    }
  }
}

/** Keeps no process alive. */
function pause (ms, calm) {
  return wait(ms, undefined, { signal: calm, ref: false })
}

/** Its primary starts another one when this one has gone. @param {NodeJS.ProcessEnv} env */
function isPm2 ({ exec_mode: mode, pm_id: id }) {
  return mode === 'cluster_mode' && id !== undefined
}

module.exports = { Stepping }
