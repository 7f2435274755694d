'use strict'

const fs = require('node:fs/promises')
const path = require('node:path')
const { checkFolder, isOurs, readPrivately, replacePrivately } = require('../private-file')
const { SCHEMA } = require('./contents')

/** The files of one report. The Markdown last: it names the picture. */
const KINDS = ['svg', 'json', 'md']

/** A partial file of a process that was killed while it wrote one. */
const FORGOTTEN_MS = 3600000

const TIME = String.raw`(\d{8}T\d{9}Z)`

/** Of a JSON file: its schema stands at its beginning. */
const HEAD_BYTES = 200

/** The folder of the reports of one service: others may use it too. */
class ReportFolder {
  #folder
  #service
  #keep
  /** Those that we wrote last: a clock that was set back makes them the oldest by name. */
  #newest = []

  /**
   * @param {string} folder absolute
   * @param {string} service what its files' names begin with, after 'tidemark-'
   * @param {number} keep so many reports stay
   */
  constructor (folder, service, keep) {
    this.#folder = folder
    this.#service = service
    this.#keep = keep
  }

  /** @returns {string} a new one's files without what says their kind. `who` tells processes and threads apart */
  nameFor (time, who) {
    return path.join(this.#folder, `tidemark-${this.#service}-${time.toISOString().replaceAll(/[-:.]/g, '')}-${who}`)
  }

  /** As `checkFolder`. */
  async check () {
    await checkFolder(this.#folder)
  }

  /**
   * Each file is whole or as it was. Of a report whose Markdown cannot be written, nothing new stays.
   * @param {string} name of `nameFor`
   * @param {{md: string, json: string, svg: string | null}} texts
   */
  async write (name, texts) {
    const made = []
    this.#newest = [...this.#newest.filter((each) => each !== path.basename(name)), path.basename(name)].slice(-this.#keep)
    try {
      for (const kind of KINDS.filter((each) => texts[each] !== null)) {
        const file = `${name}.${kind}`
        const isNew = await fs.lstat(file).then(() => false, () => true)
        await replacePrivately(file, texts[kind])
        if (isNew) made.push(file)
      }
    } catch (error) {
      for (const file of made) await fs.rm(file, { force: true }).catch(() => {})
      throw error
    }
  }

  /** Removes the oldest reports of this service beyond those that are kept, and forgotten partial files. */
  async tidy () {
    const own = new RegExp(String.raw`^tidemark-${escaped(this.#service)}-${TIME}-[\d-]+\.(?:md|json|svg)(\.\d+-\d+-\d+\.tmp)?$`)
    /** Files by report; names sort by time. */
    const reports = new Map()
    for (const file of await fs.readdir(this.#folder)) {
      const match = own.exec(file)
      if (match === null) continue
      if (match[2] !== undefined) {
        await this.#removeForgotten(file)
        continue
      }
      const name = file.replace(/\.\w+$/, '')
      reports.set(name, [...reports.get(name) ?? [], file])
    }
    const names = [...reports.keys()].sort((one, other) => one < other ? -1 : 1)
    const old = names.filter((name) => !this.#newest.includes(name))
    for (const name of old.slice(0, Math.max(0, names.length - this.#keep))) {
      if (await this.#isReport(`${name}.json`)) await Promise.all(reports.get(name).map((file) => this.#remove(file)))
    }
  }

  /** Whether we wrote it: a name alone says nothing. */
  async #isReport (file) {
    try {
      const head = await readPrivately(path.join(this.#folder, file), HEAD_BYTES)
      return head !== undefined && head.text.includes(`"name": "${SCHEMA.name}"`)
    } catch {
      return false
    }
  }

  async #removeForgotten (file) {
    const stat = await fs.lstat(path.join(this.#folder, file)).catch(() => undefined)
    if (stat !== undefined && Date.now() - stat.mtimeMs > FORGOTTEN_MS) await this.#remove(file)
  }

  async #remove (file) {
    const found = path.join(this.#folder, file)
    const stat = await fs.lstat(found).catch(() => undefined)
    if (stat?.isFile() && isOurs(stat)) await fs.rm(found, { force: true }).catch(() => {})
  }
}

function escaped (text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

module.exports = { KINDS, ReportFolder }
