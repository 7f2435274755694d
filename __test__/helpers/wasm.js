'use strict'

/** Pages of the exported memory: 64 MB. */
const PAGES = 1024

/**
 * A WebAssembly module with a memory and functions `f0`, `f1`, ...: each counts up to its argument in a
 * loop, and no two are the same.
 * @param {{functions: number, seed?: number}} what
 * @returns {Uint8Array}
 */
function wasmOf ({ functions, seed = 0 }) {
  const each = Array.from({ length: functions }, (_, i) => i)
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [1, 0x60, 1, I32, 1, I32]),
    ...section(3, vector(each.map(() => [0]))),
    ...section(5, [1, 0, ...unsigned(PAGES)]),
    ...section(7, vector([
      [...name('memory'), 2, 0],
      ...each.map((i) => [...name(`f${i}`), 0, ...unsigned(i)])
    ])),
    ...section(10, vector(each.map((i) => sized(body(i + seed * 1000)))))
  ])
}

const I32 = 0x7f

/** `for (sum = 0; n != 0; n--) sum = (sum ^ constant) + memory[n & 1023]` */
function body (constant) {
  return [
    1, 1, I32,
    0x02, 0x40, 0x03, 0x40,
    0x20, 0, 0x45, 0x0d, 1,
    0x20, 1, 0x41, ...signed(constant), 0x73, 0x20, 0, 0x41, ...signed(1023), 0x71, 0x2d, 0, 0, 0x6a, 0x21, 1,
    0x20, 0, 0x41, 1, 0x6b, 0x21, 0,
    0x0c, 0,
    0x0b, 0x0b,
    0x20, 1, 0x0b
  ]
}

function section (id, bytes) {
  return [id, ...sized(bytes)]
}

function vector (items) {
  return [...unsigned(items.length), ...items.flat()]
}

function sized (bytes) {
  return [...unsigned(bytes.length), ...bytes]
}

function name (text) {
  return sized([...Buffer.from(text)])
}

/** LEB128 */
function unsigned (number) {
  return number < 128 ? [number] : [number & 127 | 128, ...unsigned(number >>> 7)]
}

function signed (number) {
  const low = number & 127
  const rest = number >> 7
  return (rest === 0 && low < 64) || (rest === -1 && low >= 64) ? [low] : [low | 128, ...signed(rest)]
}

module.exports = { wasmOf }
