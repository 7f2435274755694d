'use strict'

const path = require('node:path')
const { threadId } = require('node:worker_threads')
const { messageOf, sentence } = require('../errors')
const { readIdentity } = require('../flight/identity')
const { plain, plainJson } = require('../plain')
const { followLeaks } = require('../publish')
const { drawChart } = require('./chart')
const { checkCommand } = require('./check')
const { leakReport } = require('./contents')
const { ReportFolder } = require('./folder')
const { toMarkdown } = require('./markdown')

/**
 * Every leak as a report: Markdown, JSON and a chart, written anew when more is known of it and when it ends.
 */
class Reports {
  #monitor
  #options
  #onFinished
  #folder
  #identity
  #unfollow = () => {}
  /** By channel, of the leaks that go on. */
  #open = new Map()
  /** What waits to be written: of each report the last state alone. @type {Set<object>} */
  #due = new Set()
  #isWriting = false
  #problem
  #count = 0

  /**
   * @param {object} monitor whose leaks are reported
   * @param {Record<string, any>} options of the session
   * @param {(file: string) => void} onFinished hears of each Markdown file that is whole, with the others beside it
   */
  constructor (monitor, options, onFinished) {
    this.#monitor = monitor
    this.#options = options
    this.#onFinished = onFinished
  }

  get problems () {
    return this.#problem === undefined ? [] : [`\`report\`: ${this.#problem}`]
  }

  start () {
    const { directory, keep } = this.#options.report
    const { service, identity } = readIdentity()
    this.#identity = identity
    this.#folder = new ReportFolder(path.resolve(directory), service, keep)
    this.#unfollow = followLeaks(this.#monitor, (chapter, details) => this.#follow(chapter, details))
    // Whether there is such a folder is said before it is needed.
    this.#folder.check().catch((error) => this.#failed(error))
  }

  /** Evidence is complete some time after the last chapter: what a report says of that is made true. */
  tick () {
    for (const report of this.#open.values()) if (report.wasCollecting && !this.#monitor.status().evidence.collecting) this.#revise(report)
  }

  stop () {
    this.#unfollow()
    this.#open.clear()
  }

  #follow (chapter, details) {
    if (chapter === 'reported') {
      const report = this.#open.get(details.channel) ?? this.#begin(details.channel)
      details.report = report.file
      Object.assign(report, { leak: details, suspects: details.suspects })
      this.#revise(report)
      return
    }
    const report = this.#open.get(details.channel)
    if (report === undefined) return
    if (chapter === 'evidence') {
      details.report = report.file
      report.suspects = details.suspects
    } else if (chapter === 'recovered') {
      report.state = 'recovered'
      this.#open.delete(details.channel)
    } else if (chapter !== 'critical') return
    this.#revise(report)
  }

  #begin (channel) {
    const name = this.#folder.nameFor(new Date(), `${process.pid}-${threadId}-${++this.#count}`)
    const report = { name, file: `${name}.md`, state: 'leaking', leak: null, suspects: [], wasCollecting: false, texts: null, isKnown: false }
    this.#open.set(channel, report)
    return report
  }

  /** Made at once, because a session may end before it is written. */
  #revise (report) {
    const { leak, suspects, state } = report
    const status = this.#monitor.status()
    report.wasCollecting = status.evidence?.collecting === true
    report.texts = textsOf(path.basename(report.name), leakReport({
      leak,
      suspects,
      state,
      status,
      options: this.#options,
      identity: this.#identity,
      health: this.#monitor.health(),
      command: checkCommand(leak),
      written: new Date()
    }), this.#monitor.history())
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
    this.#problem = `'${plain(this.#options.report.directory)}' cannot be written: ${reason}.`
  }
}

/** @param {string} name of its files. @returns {{md: string, json: string, svg: string | null}} */
function textsOf (name, report, history) {
  const svg = drawChart(report, history)
  const whole = { ...report, chart: svg === null ? null : `${name}.svg` }
  return { md: toMarkdown(whole), json: `${plainJson(whole, 2)}\n`, svg }
}

module.exports = { Reports, textsOf }
