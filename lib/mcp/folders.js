'use strict'

const { readdirSync, realpathSync, statSync } = require('node:fs')
const path = require('node:path')
const { bytes } = require('../format')
const { code } = require('../markdown')

const LONGEST_PATH = 4096
/** In an answer. */
const MOST_LISTED = 10

/** A path is refused: the message says why, and what there is instead. */
class RefusedError extends Error {}

/** The folders that were named at start: nothing else is read. */
class Folders {
  /** As they were named and where they are: what is asked for may be written either way. */
  #named
  #real

  /**
   * @param {string[]} names
   * @throws where one is no folder
   */
  constructor (names) {
    this.#named = names.map((name) => path.resolve(name))
    this.#real = this.#named.map(realFolder)
  }

  /** @returns {string[]} */
  all () {
    return [...this.#real]
  }

  /**
   * @param {string} wanted absolute, or within one of the folders
   * @returns {string} where the file really is
   * @throws {RefusedError}
   */
  file (wanted) {
    const real = this.#resolve(wanted)
    if (!statSync(real).isFile()) throw new RefusedError(`${shown(wanted)} is not a file. ${this.#offer()}`)
    return real
  }

  /** As `file`, of a folder. */
  folder (wanted) {
    const real = this.#resolve(wanted)
    if (!statSync(real).isDirectory()) throw new RefusedError(`${shown(wanted)} is not a folder.`)
    return real
  }

  /** @returns {{file: string, bytes: number}[]} heap snapshots that stand right in the folders, the newest first */
  snapshots () {
    return this.#real.flatMap((folder) => {
      try {
        return readdirSync(folder, { withFileTypes: true })
          .filter((entry) => entry.isFile() && entry.name.endsWith('.heapsnapshot'))
          .map(({ name }) => path.join(folder, name))
          .map((file) => ({ file, stat: statSync(file, { throwIfNoEntry: false }) }))
          .filter(({ stat }) => stat !== undefined)
      } catch {
        return []
      }
    }).sort((one, other) => other.stat.mtimeMs - one.stat.mtimeMs).map(({ file, stat }) => ({ file, bytes: stat.size }))
  }

  /** @returns {string} Markdown */
  listing () {
    const found = this.snapshots()
    if (found.length === 0) return 'There is no heap snapshot right in the folders.'
    return [
      'Heap snapshots, the newest first:',
      '',
      ...found.slice(0, MOST_LISTED).map(({ file, bytes: size }) => `- ${code(file.slice(-200))}, ${bytes(size)}`),
      ...found.length > MOST_LISTED ? [`- ${found.length - MOST_LISTED} older ones`] : []
    ].join('\n')
  }

  #resolve (wanted) {
    if (typeof wanted !== 'string' || wanted === '' || wanted.length > LONGEST_PATH || wanted.includes('\0')) {
      throw new RefusedError('Expected the path of a file.')
    }
    const places = path.isAbsolute(wanted) ? [path.resolve(wanted)] : this.#real.map((folder) => path.resolve(folder, wanted))
    // Of what is outside nothing is said, not even whether it is there.
    const within = places.filter((place) => isWithin(place, [...this.#named, ...this.#real]))
    if (within.length === 0) throw new RefusedError(`${shown(wanted)} is outside of the folders that were named when this server was started: ${this.#list()}.`)
    const real = within.map(realPath).filter((place) => place !== undefined)
    if (real.length === 0) throw new RefusedError(`There is no ${shown(wanted)}. ${this.#offer()}`)
    const kept = real.find((place) => isWithin(place, this.#real))
    if (kept === undefined) throw new RefusedError(`${shown(wanted)} leads out of the folders that were named when this server was started: ${this.#list()}.`)
    return kept
  }

  #list () {
    return this.#real.map(shown).join(', ')
  }

  #offer () {
    return this.listing()
  }
}

function realFolder (name) {
  const real = realPath(name)
  if (real === undefined || !statSync(real).isDirectory()) throw new Error(`'${name}' is not a folder that can be read.`)
  return real
}

function realPath (name) {
  try {
    return realpathSync(name)
  } catch {
    return undefined
  }
}

function isWithin (place, folders) {
  return folders.some((folder) => {
    const relative = path.relative(folder, place)
    return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative))
  })
}

function shown (file) {
  return code(file.slice(-200))
}

module.exports = { Folders, RefusedError }
