'use strict'

const path = require('node:path')
const { promisify } = require('node:util')
const zlib = require('node:zlib')
const { Slices } = require('../slices')

/** Not gzipSync: for 60,000 functions that takes 0.1 s, in which the app would stand still. */
const gzip = promisify(zlib.gzip)

/** Kinds of fields of protobuf, https://protobuf.dev/programming-guides/encoding/. */
const VARINT = 0
const BYTES = 2
const LONGEST_VARINT = 10

/**
 * The last profile in pprof's format, which Pyroscope, Parca, speedscope and `go tool pprof` open:
 * https://github.com/google/pprof/blob/main/proto/profile.proto. Its only value is the bytes that are alive.
 * Built in short slices: an app of 60,000 functions would stand still for a second.
 * @param {{head: import('../evidence/sites/stacks').ProfileNode}} profile
 * @param {Pick<InstanceType<typeof import('../evidence/sites/stacks').Stacks>, 'frameOf'>} stacks
 * @param {{endedAtMs: number, durationMs: number, intervalBytes: number}} sampling since 1970; milliseconds; bytes
 * @returns {Promise<Buffer>} gzip, as the format wants it
 */
async function toPprof ({ head }, stacks, { endedAtMs, durationMs, intervalBytes }) {
  const slices = new Slices({ limitMs: Infinity, keepsAlive: true })
  const texts = new Numbered()
  texts.numberOf('') // What the format wants to be the first.
  const functions = new Numbered()
  const profile = new Message()
    .message(1, new Message().number(1, texts.numberOf('inuse_space')).number(2, texts.numberOf('bytes')))

  /** @type {{node: import('../evidence/sites/stacks').ProfileNode, stack: number[]}[]} */
  const open = head.children.map((node) => ({ node, stack: [] }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (slices.full) await slices.turn()
    const { node, stack } = next
    const here = [locationOf(node.callFrame), ...stack]
    if (node.selfSize > 0) profile.message(2, new Message().packed(1, here).packed(2, [node.selfSize]))
    for (const child of node.children) open.push({ node: child, stack: here })
  }
  const period = new Message().number(1, texts.numberOf('space')).number(2, texts.numberOf('bytes'))
  for (const text of texts.all) {
    if (slices.full) await slices.turn()
    profile.text(6, text)
  }
  profile
    .number(9, Math.round(endedAtMs - durationMs) * 1e6)
    .number(10, Math.round(durationMs) * 1e6)
    .message(11, period)
    .number(12, intervalBytes)
  return gzip(profile.written)

  /** A place is a function here: V8 samples no lines within one. */
  function locationOf (callFrame) {
    const { name, location, url } = stacks.frameOf(callFrame)
    const file = location?.file ?? url
    const line = location?.line ?? Math.max(0, callFrame.lineNumber + 1)
    // Readers of the format take functions of one name for one.
    const shown = name ?? (callFrame.functionName || `(anonymous) ${path.basename(file)}:${line}`)
    const before = functions.size
    const id = functions.numberOf(JSON.stringify([shown, file, line])) + 1
    if (functions.size > before) {
      const text = texts.numberOf(shown)
      profile.message(5, new Message().number(1, id).number(2, text).number(3, text).number(4, texts.numberOf(file)).number(5, line))
      profile.message(4, new Message().number(1, id).message(4, new Message().number(1, id).number(2, line)))
    }
    return id
  }
}

/** Texts by the number at which each came first. */
class Numbered {
  #numbers = new Map()

  get size () {
    return this.#numbers.size
  }

  get all () {
    return this.#numbers.keys()
  }

  numberOf (text) {
    if (!this.#numbers.has(text)) this.#numbers.set(text, this.#numbers.size)
    return this.#numbers.get(text)
  }
}

/** A message of protobuf while it is written. */
class Message {
  #buffer = Buffer.allocUnsafe(64)
  #length = 0

  get written () {
    return this.#buffer.subarray(0, this.#length)
  }

  number (field, value) {
    return this.#varint(field << 3 | VARINT).#varint(value)
  }

  message (field, { written }) {
    this.#varint(field << 3 | BYTES).#varint(written.length).#want(written.length)
    this.#length += written.copy(this.#buffer, this.#length)
    return this
  }

  text (field, text) {
    return this.message(field, { written: Buffer.from(text) })
  }

  packed (field, values) {
    const message = new Message()
    for (const value of values) message.#varint(value)
    return this.message(field, message)
  }

  /** Seven bits a byte, the lowest first. @param {number} value not negative; nanoseconds since 1970 are beyond what bit operations take */
  #varint (value) {
    this.#want(LONGEST_VARINT)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#buffer[this.#length++] = rest % 128 | 128
    this.#buffer[this.#length++] = rest
    return this
  }

  #want (bytes) {
    if (this.#length + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#length + bytes))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

module.exports = { toPprof }
