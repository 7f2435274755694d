'use strict'

const { functionName } = require('../names')
const { isOwnFile } = require('./own-files')
const { mapLocation } = require('./source-maps')
const { toPath } = require('./to-path')

/** @typedef {import('./suspect').Location} Location */

/** More of a stack than this is not looked at. */
const MOST_LINES = 100
const LONGEST_LINE = 1000

/** '    at name (file:1:2)', '    at file:1:2'; V8's own, of every Node.js. */
const FRAME = /^\s*at (?:async )?(?:(?<name>.+?) \()?(?<file>.+?):(?<lineNumber>\d+):(?<columnNumber>\d+)\)?$/
/** Of code that eval made, the place that called eval. */
const EVAL = /eval at [^(]*\((?<file>[^()]+?):(?<lineNumber>\d+):(?<columnNumber>\d+)\)/

/**
 * The place in a stack that a person should look at: the nearest frame of the application's own
 * code, or of a package where none of the application is on the stack; never one of Node.js or of
 * tidemark.
 * @param {{url?: string, file?: string, lineNumber: number, columnNumber: number, functionName?: string | null}[]} frames
 *   the innermost first; lines and columns from 1, `file` or `url` a path or a file: URL
 * @returns {Location | null} source maps applied
 */
function applicationFrame (frames) {
  /** @type {Location | null} */
  let nearest = null
  for (const frame of frames) {
    const location = locationOf(frame)
    if (location === null) continue
    // A bundle holds packages too: only its map tells whose code it is.
    const mapped = isPackage(location.file) ? location : mapLocation(location)
    if (isApplicationFile(mapped.file)) return mapped
    nearest ??= mapped
  }
  return nearest
}

/**
 * The frames of `error.stack`, the innermost first.
 * @param {string} stack
 * @returns {{file: string, lineNumber: number, columnNumber: number, functionName: string | null}[]}
 */
function parseStack (stack) {
  if (typeof stack !== 'string') return []
  const frames = []
  for (const line of stack.slice(0, MOST_LINES * LONGEST_LINE).split('\n', MOST_LINES)) {
    if (line.length > LONGEST_LINE) continue
    const frame = frameOf(line)
    if (frame !== null) frames.push(frame)
  }
  return frames
}

function frameOf (line) {
  const match = EVAL.exec(line) ?? FRAME.exec(line)
  if (match === null) return null
  const { name = null, file, lineNumber, columnNumber } = /** @type {Record<string, string>} */ (match.groups)
  return { file, lineNumber: Number(lineNumber), columnNumber: Number(columnNumber), functionName: name }
}

/** Whether a file is the application's own: not of Node.js, of a package or of tidemark. */
function isApplicationFile (file) {
  return isCode(file) && !isPackage(file)
}

/** @param {{url?: string, file?: string, lineNumber: number, columnNumber: number, functionName?: string | null}} frame @returns {Location | null} */
function locationOf ({ url, file, lineNumber, columnNumber, functionName: name }) {
  const place = toPath(file ?? url)
  if (!isCode(place)) return null
  return { file: place, line: lineNumber, column: columnNumber, function: nameOf(name) }
}

/** What is not Node.js, V8 (`native`, `<anonymous>`, `wasm:`, code without a name) or tidemark. @param {unknown} file @returns {file is string} */
function isCode (file) {
  if (typeof file !== 'string' || file === '' || /^(?:node:|internal\/|wasm:|v8\/|native |evalmachine\.|<|\[)/.test(file)) return false
  return !isOwnFile(file)
}

function isPackage (file) {
  return /[\\/]node_modules[\\/]/.test(file)
}

/** As a person calls it: without what V8 adds, and nothing where it has no name. */
function nameOf (name) {
  const alias = name?.endsWith(']') ? name.lastIndexOf(' [as ') : -1
  const plain = name?.slice(0, alias === -1 ? undefined : alias).replace(/^(?:async |new )+/, '')
  return plain === undefined || /^(?:Object\.)?(?:<anonymous>)?$/.test(plain) ? null : functionName(plain)
}

module.exports = { applicationFrame, isApplicationFile, mapLocation, parseStack }
