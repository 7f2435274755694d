'use strict'

const path = require('node:path')
const { threadId } = require('node:worker_threads')
const { messageOf, sentence } = require('../errors')
const { readIdentity } = require('../flight/identity')
const { plain, plainJson } = require('../plain')
const { followLeaks } = require('../publish')
const { drawChart } = require('./chart')
const { checkCommand } = require('./check')
const { heapReport, leakReport } = require('./contents')
const { KINDS, ReportFolder } = require('./folder')
const { toMarkdown } = require('./markdown')

/**
 * The report of a leak that goes on; `name`: of its files, without their endings; `texts`: what is to be written.
 * @typedef {{
 *   name: string,
 *   file: string,
 *   state: 'leaking' | 'recovered',
 *   leak: import('../..').Leak | null,
 *   suspects: import('../..').LeakSuspect[],
 *   wasCollecting: boolean,
 *   texts: ReturnType<typeof textsOf> | null,
 *   isKnown: boolean
 * }} Open
 */

/**
 * Every leak as a report: Markdown, JSON and a chart, written anew when more is known of it and when it ends.
 */
class Reports {
  #monitor
  #options
  #plan
  #onFinished
  #folder
  #identity
  #unfollow = () => {}
  /** By channel, of the leaks that go on. */
  #open = new Map()
  /** What waits to be written: of each report the last state alone. @type {Set<Open>} */
  #due = new Set()
  #isWriting = false
  #problem
  #count = 0
  /** Else the leaks are followed for what is said when V8's heap is full. */
  #isOfLeaks = false

  /**
   * @param {object} monitor whose leaks are reported
   * @param {Record<string, any>} options of the session
   * @param {{directory: string, keep: number, leaks: boolean}} plan leaks: whether each has a report, or only a full heap
   * @param {(file: string) => void} onFinished hears of each Markdown file that is whole, with the others beside it
   */
  constructor (monitor, options, plan, onFinished) {
    this.#monitor = monitor
    this.#options = options
    this.#plan = plan
    this.#onFinished = onFinished
  }

  get problems () {
    return this.#problem === undefined ? [] : [`\`report\`: ${this.#problem}`]
  }

  start () {
    const { directory, keep, leaks } = this.#plan
    const { service, identity } = readIdentity()
    this.#identity = identity
    this.#folder = new ReportFolder(path.resolve(directory), service, keep)
    this.#isOfLeaks = leaks
    // First, since the others hear from the event where the report is.
    this.#unfollow = followLeaks(this.#monitor, (chapter, details) => this.#follow(chapter, details), { first: true })
    // Whether there is such a folder is said before it is needed; what was written at the end of a process tidies nothing.
    this.#folder.check().then(() => this.#folder.tidy()).catch((error) => this.#failed(error))
  }

  /** Evidence is complete some time after the last chapter: what a report says of that is made true. */
  tick () {
    for (const report of this.#open.values()) if (report.wasCollecting && !this.#monitor.status().evidence.collecting) this.#revise(report)
  }

  stop () {
    this.#unfollow()
    this.#open.clear()
  }

  /**
   * The report that is written when V8's heap is full: that of the leak of the heap, where there is one.
   * @param {{sentence: string, object: string}} marks of that moment
   */
  lastWords (marks) {
    const leak = this.#open.get('heap') ?? [...this.#open.values()].at(-1)
    const name = leak?.name ?? this.#nameOfNext()
    const facts = this.#facts({ pid: process.pid, threadId })
    const report = leak === undefined ? heapReport({ ...facts, command: checkCommand({ channel: 'heap', signature: null }) }) : leakReport({ ...facts, ...leak, command: checkCommand(leak.leak) })
    const texts = textsOf(path.basename(name), report, this.#monitor.history(), marks)
    return KINDS.filter((kind) => texts[kind] !== null).map((kind) => ({ path: `${name}.${kind}`, text: texts[kind], inPlace: false }))
  }

  #follow (chapter, details) {
    if (chapter === 'reported') {
      const report = this.#open.get(details.channel) ?? this.#begin(details.channel)
      if (this.#isOfLeaks) details.report = report.file
      Object.assign(report, { leak: details, suspects: details.suspects })
      this.#revise(report)
      return
    }
    const report = this.#open.get(details.channel)
    if (report === undefined) return
    if (chapter === 'evidence') {
      if (this.#isOfLeaks) details.report = report.file
      report.suspects = details.suspects
    } else if (chapter === 'recovered') {
      report.state = 'recovered'
      this.#open.delete(details.channel)
    } else if (chapter !== 'critical') return
    this.#revise(report)
  }

  #begin (channel) {
    const name = this.#nameOfNext()
    this.#count++
    const report = { name, file: `${name}.md`, state: 'leaking', leak: null, suspects: [], wasCollecting: false, texts: null, isKnown: false }
    this.#open.set(channel, report)
    return report
  }

  #nameOfNext () {
    return this.#folder.nameFor(new Date(), `${process.pid}-${threadId}-${this.#count + 1}`)
  }

  /** What is so now, whichever leak it is about. */
  #facts (thread) {
    return {
      thread,
      status: this.#monitor.status(),
      options: this.#options,
      identity: this.#identity,
      health: this.#monitor.health(),
      written: new Date()
    }
  }

  /** Made at once, because a session may end before it is written. */
  #revise (report) {
    if (!this.#isOfLeaks) return
    const { leak, suspects, state } = report
    const facts = this.#facts()
    report.wasCollecting = facts.status.evidence?.collecting === true
    report.texts = textsOf(path.basename(report.name), leakReport({ ...facts, leak, suspects, state, command: checkCommand(leak) }), this.#monitor.history())
    this.#due.add(report)
    if (!this.#isWriting) this.#write()
  }

  /** One after the other, and what comes meanwhile too. */
  async #write () {
    this.#isWriting = true
    for (const report of this.#due) {
      this.#due.delete(report)
      try {
        await this.#folder.check()
        await this.#folder.write(report.name, report.texts)
        this.#problem = undefined
        if (!report.isKnown) {
          report.isKnown = true
          await this.#folder.tidy()
        }
        this.#onFinished(report.file)
      } catch (error) {
        this.#failed(error)
      }
    }
    this.#isWriting = false
  }

  #failed (error) {
    const reason = error.code === 'ENOENT' ? 'there is no such folder, and none above it' : plain(sentence(messageOf(error))).replace(/\.$/, '')
    this.#problem = `'${plain(this.#plan.directory)}' cannot be written: ${reason}.`
  }
}

/**
 * @param {string} name of its files
 * @param {ReturnType<typeof leakReport> | ReturnType<typeof heapReport>} report
 * @param {{samples: object[], coarse: object[]}} history
 * @param {{sentence: string, object: string}} [marks] of the moment in which V8's heap is full
 * @returns {{md: string, json: string, svg: string | null}}
 */
function textsOf (name, report, history, marks) {
  const svg = drawChart(report, history)
  const whole = { ...report, chart: svg === null ? null : `${name}.svg` }
  const at = (mark) => ({ ...whole, nearHeapLimit: mark ?? null })
  return { md: toMarkdown(at(marks?.sentence)), json: `${plainJson(at(marks?.object), 2)}\n`, svg }
}

module.exports = { Reports, textsOf }
