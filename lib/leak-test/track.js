'use strict'

const { createError } = require('../errors')
const format = require('../format')
const { applyRules } = require('./ignore')
const { Meter } = require('./meter')
const { noting, told } = require('./opened')
const { now } = require('./own')
const { hold } = require('./alone')
const { resultOf, suspectOf } = require('./result')
const { Snapshots } = require('./snapshots')

/** Where this Node.js has no such symbol, nothing can ask for it. */
const ASYNC_DISPOSE = /** @type {any} */ (Symbol).asyncDispose ?? Symbol.for('nodejs.asyncDispose')

/** Bytes that count where no objects became more: of a buffer, of a string, of numbers in an array. */
const MUCH = 64 * 1024

/**
 * What a block of code leaves behind. It runs once, so what it builds at its first run looks like what it leaks:
 * only objects that became many are told, and whatever is still open.
 */
class LeakTracker {
  #options
  #meter
  #snapshots
  #opened
  #startedAt = now()
  #letGo
  /** @type {Promise<import('./result').LeakTestResult> | null} */
  #end = null

  /**
   * Takes the first snapshot, now.
   * @param {typeof import('../../binding')} binding
   * @param {{objects: number, ignore: import('./ignore').IgnoreRule[]}} options
   */
  constructor (binding, options) {
    this.#letGo = hold()
    try {
      this.#options = options
      this.#meter = new Meter(binding)
      this.#meter.collect()
      this.#snapshots = new Snapshots(binding)
      this.#snapshots.begin()
      this.#opened = noting()
    } catch (error) {
      this.#letGo()
      throw error
    }
  }

  /** What was left behind. Asked again, it says the same. @returns {Promise<import('./result').LeakTestResult>} */
  end () {
    this.#end ??= this.#look().finally(this.#letGo)
    return this.#end
  }

  async [ASYNC_DISPOSE] () {
    const result = await this.end()
    if (result.verdict === 'leaks') throw Object.assign(createError('ERR_TIDEMARK_LEAK', ['the block', result.message]), { result })
  }

  async #look () {
    const { objects, ignore } = this.#options
    const left = await this.#meter.leftOpen()
    this.#opened.end()
    // Node.js opens some for itself; those have no name.
    left.OpenFile = this.#opened.files.length
    const resources = told(Object.keys(left).filter((type) => left[type] > 0)).map((type) => this.#opened.describe(type, left[type], 1))
    await this.#meter.read()
    await this.#snapshots.take(1)
    const found = (await this.#snapshots.grown({ share: 1 })).filter(({ own, objectsPerRound: [count], bytesPerCall }) => !own && (count >= objects || (count === 0 && bytesPerCall >= MUCH)))
    const { kept, ignored } = applyRules(found.map((each) => suspectOf(each, null)), ignore)
    const verdict = kept.length + resources.length > 0 ? 'leaks' : 'clean'
    const elapsedMs = Math.round(now() - this.#startedAt)
    return resultOf({ verdict, suspects: kept, resources, ignored, elapsedMs }, { once: `nothing of which there are ${format.grouped(objects)} or more stays` })
  }
}

module.exports = { LeakTracker }
