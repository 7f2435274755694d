'use strict'

/** One column of the bar stands for so many bytes: the same in both halves, so that they compare. */
const COLUMN = 2 * 1048576
const COLUMNS = 40
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const SPINNER = ['⠋', '⠙', '⠸', '⠴', '⠦', '⠇']

/** Without a terminal nothing is drawn over, so lines come more seldom. */
const LEVEL_EVERY_MS = 500
const PLAIN_PROGRESS_EVERY_MS = 10000

const COLOURS = { settling: 36, steady: 36, suspect: 33, leaking: 31, good: 32, bad: 31, dim: 2, bold: 1 }

/**
 * What the demo prints: a growing chart of what is left after each full GC, and below it, on a
 * terminal, a line of progress that is drawn over.
 */
class Screen {
  #out
  #live
  #colours
  #spin = 0
  #levelAt = -Infinity
  #progressAt = 0

  /** @param {NodeJS.WriteStream} out */
  constructor (out) {
    this.#out = out
    this.#live = Boolean(out.isTTY)
    this.#colours = this.#live && !process.env.NO_COLOR
  }

  title (title, file = '') {
    this.#line()
    this.#line(`${this.#paint('bold', title)}  ${this.#paint('dim', file)}`.trimEnd())
  }

  /** @param {string} text one line or several */
  say (text) {
    for (const line of text.split('\n')) this.#line(`   ${this.#paint('dim', line)}`)
  }

  heading () {
    this.#levelAt = -Infinity
    this.#progressAt = 0
    this.#line()
    this.#line(this.#paint('dim', '     time   requests   heap after a full GC'))
  }

  /** One full GC: how much it left. */
  level ({ usedHeapSize, state }, elapsedMs, requests) {
    if (elapsedMs - this.#levelAt < LEVEL_EVERY_MS * (state === 'steady' ? 4 : 1)) return
    this.#levelAt = elapsedMs
    this.#progressAt = elapsedMs
    const size = `${(usedHeapSize / 1048576).toFixed(1)} MB`
    this.#line(`${time(elapsedMs)} ${String(requests).padStart(10)} ${size.padStart(10)} ` +
      `${this.#paint(state, bar(usedHeapSize))} ${this.#paint('dim', state)}`)
  }

  /** What the app printed itself: of that, tidemark's line of stats. */
  app (line) {
    if (line.startsWith('tidemark:')) this.#line(this.#paint('dim', `          ${line}`))
  }

  progress (elapsedMs, untilMs, requests) {
    const rate = elapsedMs > 0 ? Math.round(requests / elapsedMs * 1000) : 0
    const text = `${time(elapsedMs)} of at most ${(untilMs / 1000).toFixed(0)} s, ${requests} requests, ${rate}/s`
    if (this.#live) {
      this.#spin = (this.#spin + 1) % SPINNER.length
      this.#out.write(`\r\x1b[K ${this.#paint('steady', SPINNER[this.#spin])}${text}`)
    } else if (elapsedMs - this.#progressAt >= PLAIN_PROGRESS_EVERY_MS) {
      this.#progressAt = elapsedMs
      this.#line(text)
    }
  }

  /** Takes the line of progress away. */
  clear () {
    if (this.#live) this.#out.write('\r\x1b[K')
  }

  /** @returns {boolean} `good` */
  verdict (good, text) {
    this.#line()
    this.check(good, text)
    return good
  }

  check (good, text) {
    this.#line(`   ${good ? this.#paint('good', 'ok  ') : this.#paint('bad', 'FAIL')} ${this.#paint('bold', text)}`)
  }

  /** A sentence of tidemark's, at the width that a person reads. */
  quote (text) {
    for (const line of wrap(text, 84)) this.#line(`        ${line}`)
  }

  #line (text = '') {
    this.#out.write(`${this.#live ? '\r\x1b[K' : ''}${text}\n`)
  }

  #paint (name, text) {
    return this.#colours && text !== '' ? `\x1b[${COLOURS[name]}m${text}\x1b[0m` : text
  }
}

function bar (size) {
  const eighths = Math.round(size / COLUMN * 8)
  if (eighths > COLUMNS * 8) return `${'█'.repeat(COLUMNS)}▶`
  return '█'.repeat(eighths >> 3) + EIGHTHS[eighths & 7]
}

function time (ms) {
  return `${(ms / 1000).toFixed(1)} s`.padStart(9)
}

function wrap (text, width) {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1]
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

module.exports = { Screen }
