'use strict'

const { readOptions, boolean, integer, func, abortSignal, optional } = require('../options')

/** Of work that takes long and runs off the event loop. */
const WORK_OPTIONS = {
  signal: { default: undefined, check: optional(abortSignal()) },
  onProgress: { default: undefined, check: optional(func()) }
}

const CONVERT_OPTIONS = {
  ...WORK_OPTIONS,
  strip: { default: false, check: boolean() }
}

/** Of a question whose answer is a list. */
const LIST_OPTIONS = {
  rows: { default: 50, check: uint32() }
}

/** Of a snapshot in the process: whether it is taken where memory may not suffice. */
const FORCE_OPTIONS = {
  force: { default: false, check: boolean() }
}

/** Of a HeapDiff: also a bound, in bytes, on what one snapshot may take outside of V8's heap. */
const HEAP_DIFF_OPTIONS = {
  ...WORK_OPTIONS,
  ...FORCE_OPTIONS,
  maxMemory: { default: undefined, check: optional(integer(1048576, Number.MAX_SAFE_INTEGER)) }
}

const readWorkOptions = (options) => readOptions(options, WORK_OPTIONS)
const readConvertOptions = (options) => readOptions(options, CONVERT_OPTIONS)
const readListOptions = (options) => readOptions(options, LIST_OPTIONS)
const readForce = (options) => readOptions(options, FORCE_OPTIONS)
const readHeapDiffOptions = (options) => readOptions(options, HEAP_DIFF_OPTIONS)

/** As the native side counts rows, and V8 its nodes. */
function uint32 () {
  return integer(0, 4294967295)
}

module.exports = { readWorkOptions, readConvertOptions, readListOptions, readForce, readHeapDiffOptions, uint32 }
