'use strict'

const { performance } = require('node:perf_hooks')
const { plain } = require('../plain')

const STYLES = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39], green: [32, 39] }

/** Shorter work shows no progress, in milliseconds. */
const QUIET_MS = 1000
const BAR_WIDTH = 24

const DOING = { read: 'reading', analyse: 'analysing', explain: 'finding paths', compare: 'comparing', redact: 'copying' }

/** The two streams of a process: results to stdout, progress and complaints to stderr. */
class Terminal {
  #out
  #err
  #colours
  #startedAt = performance.now()
  #shown = false

  /** @param {{stdout: NodeJS.WriteStream, stderr: NodeJS.WriteStream, env?: Record<string, string | undefined>}} process */
  constructor ({ stdout, stderr, env = {} }) {
    this.#out = stdout
    this.#err = stderr
    this.#colours = wantsColours(env) ?? Boolean(stdout.isTTY && stdout.hasColors?.(env))
    // `| head` closes the pipe: what it did not want to read is no error.
    for (const stream of [stdout, stderr]) {
      stream.on('error', (/** @type {NodeJS.ErrnoException} */ error) => { if (error.code !== 'EPIPE') throw error })
    }
  }

  print (text) {
    this.#out.write(text)
  }

  complain (message) {
    this.clearProgress()
    this.#err.write(`tidemark: ${message}\n`)
  }

  /** @param {keyof typeof STYLES} style @param {string} text @returns {string} styled where stdout shows it */
  style (style, text) {
    if (!this.#colours) return text
    const [on, off] = STYLES[style]
    return `\u001b[${on}m${text}\u001b[${off}m`
  }

  /** How wide a line may be. */
  get width () {
    return this.#out.isTTY ? this.#out.columns || 80 : Infinity
  }

  /** How far it is. */
  progress (what, { phase, done, total }) {
    const share = total > 0 ? Math.min(1, done / total) : 0
    const filled = Math.round(share * BAR_WIDTH)
    const bar = `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${String(Math.round(share * 100)).padStart(3)} %`
    this.remark(`${bar}  ${DOING[phase] ?? phase} ${what}`)
  }

  /** One line that is written over: what takes so long. */
  remark (line) {
    if (!this.#err.isTTY || performance.now() - this.#startedAt < QUIET_MS) return
    this.#err.write(`\r\u001b[2K${plain(line).slice(0, (this.#err.columns || 80) - 1)}`)
    this.#shown = true
  }

  clearProgress () {
    if (this.#shown) this.#err.write('\r\u001b[2K')
    this.#shown = false
  }
}

/**
 * What the environment says, with FORCE_COLOR over NO_COLOR as Node.js has it.
 * @returns {boolean | undefined} undefined where it says nothing
 */
/** @param {Record<string, string | undefined>} env */
function wantsColours ({ FORCE_COLOR: forced, NO_COLOR: none }) {
  if (forced !== undefined) return !['0', 'false'].includes(forced)
  return none === undefined || none === '' ? undefined : false
}

module.exports = { Terminal }
