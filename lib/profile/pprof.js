'use strict'

const { promisify } = require('node:util')
const zlib = require('node:zlib')

/** Not gzipSync: for 60,000 functions that takes 0.1 s, in which the app would stand still. */
const gzip = promisify(zlib.gzip)

/** Kinds of fields of protobuf, https://protobuf.dev/programming-guides/encoding/. */
const VARINT = 0
const BYTES = 2

/**
 * The last profile in pprof's format, which Pyroscope, Parca, speedscope and `go tool pprof` open:
 * https://github.com/google/pprof/blob/main/proto/profile.proto. Its only value is the bytes that are alive.
 * @param {{head: import('../evidence/sites/stacks').ProfileNode}} profile
 * @param {InstanceType<typeof import('../evidence/sites/stacks').Stacks>} stacks
 * @param {{endedAtMs: number, durationMs: number, intervalBytes: number}} sampling since 1970; milliseconds; bytes
 * @returns {Promise<Buffer>} gzip, as the format wants it
 */
function toPprof ({ head }, stacks, { endedAtMs, durationMs, intervalBytes }) {
  const texts = new Numbered()
  texts.numberOf('') // What the format wants to be the first.
  const space = message(number(1, texts.numberOf('inuse_space')), number(2, texts.numberOf('bytes')))
  const functions = new Numbered()
  const parts = [bytes(1, space)]
  const locations = []

  /** @type {{node: import('../evidence/sites/stacks').ProfileNode, stack: number[]}[]} */
  const open = head.children.map((node) => ({ node, stack: [] }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, stack } = next
    const here = [locationOf(node.callFrame), ...stack]
    if (node.selfSize > 0) parts.push(bytes(2, message(packed(1, here), packed(2, [node.selfSize]))))
    for (const child of node.children) open.push({ node: child, stack: here })
  }
  const period = message(number(1, texts.numberOf('space')), number(2, texts.numberOf('bytes')))
  // An array, since there are more of them than a call may have arguments.
  return gzip(Buffer.concat([
    ...parts,
    ...locations,
    ...[...texts.all].map((text) => bytes(6, Buffer.from(text))),
    number(9, Math.round(endedAtMs - durationMs) * 1e6),
    number(10, Math.round(durationMs) * 1e6),
    bytes(11, period),
    number(12, intervalBytes)
  ]))

  /** A place is a function here: V8 samples no lines within one. */
  function locationOf (callFrame) {
    const { name, location, url } = stacks.frameOf(callFrame)
    const shown = name ?? (callFrame.functionName || '(anonymous)')
    const file = location?.file ?? url
    const line = location?.line ?? Math.max(0, callFrame.lineNumber + 1)
    const before = functions.size
    const id = functions.numberOf(JSON.stringify([shown, file, line])) + 1
    if (functions.size > before) {
      locations.push(bytes(5, message(number(1, id), number(2, texts.numberOf(shown)), number(3, texts.numberOf(shown)), number(4, texts.numberOf(file)), number(5, line))))
      locations.push(bytes(4, message(number(1, id), bytes(4, message(number(1, id), number(2, line))))))
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

function message (...fields) {
  return Buffer.concat(fields)
}

function number (field, value) {
  return Buffer.from([...varint(field << 3 | VARINT), ...varint(value)])
}

function bytes (field, content) {
  return Buffer.concat([Buffer.from([...varint(field << 3 | BYTES), ...varint(content.length)]), content])
}

function packed (field, values) {
  return bytes(field, Buffer.from(values.flatMap(varint)))
}

/** Seven bits a byte, the lowest first. @param {number} value not negative; nanoseconds since 1970 are beyond what bit operations take */
function varint (value) {
  const out = []
  let rest = BigInt(value)
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  out.push(Number(rest))
  return out
}

module.exports = { toPprof }
