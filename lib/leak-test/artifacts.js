'use strict'

const fs = require('node:fs')
const path = require('node:path')
const { named } = require('../names')
const { replacePrivately } = require('../private-file')
const { reportOf } = require('./report')

/** Of the name of a function or a route, in that of a folder. */
const LONGEST_NAME = 40

/** Nobody has so many failures of one function in one folder. */
const MOST_FOLDERS = 10000

/**
 * What is kept of one failure: a folder of its own, with the first and the last snapshot and the report. Made with the first
 * file, so that a test without one leaves nothing.
 */
class Artifacts {
  #directory
  #name
  /** @type {string | undefined} */
  #folder
  /** Of snapshots. */
  #files = new Set()

  /**
   * @param {string} directory
   * @param {string} name of the function or the route
   */
  constructor (directory, name) {
    this.#directory = path.resolve(directory)
    this.#name = name
  }

  /** Where the next snapshot goes: the last one replaces those between it and the first. @param {number} index */
  keep (index) {
    const file = path.join(this.#own(), index === 0 ? 'before.heapsnapshot' : 'after.heapsnapshot')
    fs.rmSync(file, { force: true })
    this.#files.add(file)
    return file
  }

  /**
   * @param {import('./result').LeakTestResult} result
   * @returns {Promise<string[]>} the files, the report last; none of a clean test
   */
  async finish (result) {
    if (result.verdict === 'clean') {
      this.drop()
      return []
    }
    const report = path.join(this.#own(), 'report.md')
    const files = [...this.#files]
    await replacePrivately(report, reportOf(this.#name, result, files.map((file) => path.basename(file))))
    return [...files, report]
  }

  /** Nothing stays. */
  drop () {
    if (this.#folder !== undefined) fs.rmSync(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }

  /** A folder that nobody else has, though other workers look for one at the same time. */
  #own () {
    if (this.#folder !== undefined) return this.#folder
    fs.mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
    const name = named(this.#name).replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, LONGEST_NAME) || 'function'
    for (let number = 1; number <= MOST_FOLDERS; number++) {
      const folder = path.join(this.#directory, `${name}-${number}`)
      try {
        fs.mkdirSync(folder, { mode: 0o700 })
        this.#folder = folder
        return folder
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
      }
    }
    throw new Error(`'${this.#directory}' has ${MOST_FOLDERS} folders of \`${name}\`: remove the old ones`)
  }
}

/**
 * Runs a test, and keeps what it asks for.
 * @template {import('./result').LeakTestResult} R
 * @param {string} name of the function or the route
 * @param {string | undefined} directory nothing is kept without one
 * @param {(means: import('./test').Means) => Promise<R>} run
 * @returns {Promise<R>}
 */
async function keeping (name, directory, run) {
  if (directory === undefined) return run({})
  const artifacts = new Artifacts(directory, name)
  try {
    const result = await run({ keep: (index) => artifacts.keep(index) })
    const files = await artifacts.finish(result)
    if (files.length === 0) return { ...result, files }
    return { ...result, files, message: `${result.message}\n  files: ${files.map((file) => path.relative('.', file)).join(', ')}` }
  } catch (error) {
    artifacts.drop()
    throw error
  }
}

module.exports = { keeping }
