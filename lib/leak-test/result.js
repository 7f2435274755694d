'use strict'

const { readFileSync } = require('node:fs')
const path = require('node:path')
const { createError } = require('../errors')
const { isOwnFile } = require('../evidence/own-files')
const { mapLocation } = require('../evidence/source-maps')
const format = require('../format')
const { named } = require('../names')
const { disturbers, keeperOf } = require('./environment')

/**
 * What a test found, and how it is said.
 *
 * @typedef {import('../..').Location} Location
 *
 * @typedef {{
 *   holder: string, class: string, signature: string, objectsPerCall: number, bytesPerCall: number,
 *   location: Location | null, allocated: Location | null, path: string[], note: string | null
 * }} TestSuspect
 *
 * @typedef {{
 *   verdict: 'clean' | 'leaks' | 'undecided', message: string, calls: number, rounds: {calls: number, bytes: number}[],
 *   bytesPerCall: number | null, objectsPerCall: number | null, suspects: TestSuspect[],
 *   resources: import('./opened').LeftOpen[], notes: string[], disturbers: import('./environment').Disturber[],
 *   ignored: {rule: import('./ignore').IgnoreRule, signature: string}[], files: string[], elapsedMs: number
 * }} LeakTestResult
 */

/** Of a source that is looked into, in characters. */
const LONGEST_FILE = 1e6
const LONGEST_LINE = 500

/** Node.js's, and Jest's, which is an object with these properties in any order. */
const MODULE = /^Module$|^\{(?=.*\bexports\b)(?=.*\bfilename\b)(?=.*\bloaded\b)/

/** Where Jest and Mocha have the test that runs. */
const TEST = /^(?:currentlyRunningTest|_runnable)$/

/** Steps of a path that are said in the first line. */
const SHORT_PATH = 3

/**
 * Of what the analyser found, what a test tells.
 * @param {import('../analysis').GrownSuspect} grown
 * @param {Location | null} allocated
 * @returns {TestSuspect}
 */
function suspectOf (grown, allocated) {
  const chain = chainOf(grown.path.slice(0, -1))
  const location = locationOf(grown)
  // The place says it better.
  const short = (text) => location === null ? text : text.replace(/ \(context of [^()]*\)/, '')
  const holder = short(grown.holder)
  return {
    holder: short(heldBy(grown)),
    class: grown.class,
    signature: `test:${grown.class}:${location === null ? '' : `${path.basename(location.file)}:`}${holder}`,
    objectsPerCall: grown.objectsPerCall,
    bytesPerCall: grown.bytesPerCall,
    location,
    allocated: allocated === null ? null : whereNamed(allocated),
    path: chain,
    note: keeperOf([holder, ...chain].join(' '))?.message ?? null
  }
}

/** More than the holder where its description knows more: the listeners of an emitter, for which event. */
function heldBy ({ description, holder }) {
  const [, told] = /: held by (.*)$/s.exec(description) ?? []
  return told?.includes(holder) ? told : holder
}

/**
 * In the source that a person wrote. Of a variable V8 knows the file alone: the line is looked for.
 * @returns {Location | null}
 */
function locationOf ({ location, holder }) {
  if (location === null) return null
  const { file, line, column } = location
  const found = { file, line, column: column ?? null, function: location.function ?? null }
  if (line !== null) return column ? mapLocation(found) : found
  const declared = declarationOf(file, /`([\w$]+)`/.exec(holder)?.[1])
  if (declared === undefined) return found
  // Vitest compiles in memory and keeps the name: then the file on the disk is the source already.
  const mapped = mapLocation({ ...found, ...declared })
  return mapped.file === file ? { ...found, ...declared } : mapped
}

/**
 * Where a file declares a variable; undefined where it cannot be told.
 * @returns {{line: number, column: number} | undefined}
 */
function declarationOf (file, name) {
  if (name === undefined) return undefined
  const declares = new RegExp(`(?:\\b(?:const|let|var|function|class)\\s+|[{,]\\s*)${name.replace(/\$/g, '\\$&')}\\b`)
  for (const [at, line] of linesOf(file).entries()) {
    const found = declares.exec(line.slice(0, LONGEST_LINE))
    if (found !== null) return { line: at + 1, column: found.index + found[0].length - name.length + 1 }
  }
  return undefined
}

/** Of a source; none where it cannot be read. */
function linesOf (file) {
  try {
    return file.startsWith('node:') ? [] : readFileSync(file, 'utf8').slice(0, LONGEST_FILE).split('\n')
  } catch {
    return [] // it was bundled, or is gone
  }
}

/** Of a function: Jest's transpiler moves the lines, and keeps the map to itself. @param {Location} location @returns {Location} */
function whereNamed (location) {
  const name = /[\w$]+$/.exec(location.function ?? '')?.[0]
  if (name === undefined || location.line === null || linesOf(location.file)[location.line - 1]?.includes(name)) return location
  return { ...location, line: declarationOf(location.file, name)?.line ?? location.line }
}

/**
 * A retainer path from what is held outwards, until where everything hangs: a module, the global object, the test itself.
 * @param {import('../..').SnapshotStep[]} path from the root to what is held
 * @returns {string[]} 'Map `sessions`', 'function login', 'module exports'
 */
function chainOf (path) {
  const words = []
  for (let at = path.length - 1; at > 0; at--) {
    const step = path[at]
    if (step.location?.file && isOwnFile(step.location.file)) break
    // The function itself, which the test holds.
    if (step.edge?.name === '#fn') break
    if (step.edge?.name === 'exports' && MODULE.test(path[at - 1].class)) return [...words, 'module exports']
    if (TEST.test(step.edge?.name ?? '')) return [...words, 'the test']
    if (step.class === 'global') return [...words, 'global']
    const said = stepWords(step)
    if (said !== null) words.push(said)
  }
  return words
}

/** What a step is to a person; null for what only V8 sees. */
function stepWords ({ edge, class: type, name }) {
  if (/^\(|^system \/|^Node \//.test(type)) return edge?.type === 'context' ? `variable \`${named(edge.name)}\`` : null
  const what = type === 'Function' ? 'function' : name ?? type
  switch (edge?.type) {
    case 'context': return `${what} \`${named(edge.name)}\``
    case 'property': return `${what} ${type === 'Function' ? '' : '.'}${named(edge.name)}`
    default: return what
  }
}

/** 'src/auth.js:12', from the folder of the process where the file is in it. @param {Location} location */
function placeOf ({ file, line = null }) {
  return `${fileIn(process.cwd(), file)}${line === null ? '' : `:${line}`}`
}

/** From a folder, where the file is in it. */
function fileIn (folder, file) {
  const relative = path.relative(folder, file)
  return relative.startsWith('..') || relative === '' ? file : relative
}

/** '1 Session (216 bytes)'. @param {TestSuspect} suspect */
function amount ({ class: name, objectsPerCall, bytesPerCall }) {
  if (!(objectsPerCall > 0)) return format.bytes(bytesPerCall)
  const count = objectsPerCall >= 9.95 ? format.grouped(Math.round(objectsPerCall)) : String(Number(objectsPerCall.toFixed(objectsPerCall < 1 ? 2 : 1)))
  return `${count} ${name} (${format.bytes(bytesPerCall)})`
}

/** @param {TestSuspect} suspect @param {string | undefined} unit undefined: of a block that ran once @returns {string} */
function suspectLine (suspect, unit) {
  const place = suspect.location === null || /:\d+\)?$/.test(suspect.holder) ? '' : ` (${placeOf(suspect.location)})`
  const chain = [`${suspect.holder}${place}`, ...suspect.path.slice(0, SHORT_PATH)].join(' <- ')
  return `${unit === undefined ? `left ${amount(suspect)}` : `grows by ${amount(suspect)} a ${unit}`}: held by ${chain}`
}

/** @param {import('./opened').LeftOpen} left @param {string} unit @returns {string} */
function leftOpenLine ({ what, count, calls, remedy, detail, location }, unit) {
  const where = [detail, location === null ? null : `created at ${placeOf(location)}`].filter((part) => part !== null).join(', ')
  const of = calls > 1 ? ` in ${format.grouped(calls)} ${unit}s` : ''
  return `left ${format.grouped(count)} ${what} open${of}${where === '' ? '' : ` (${count > 1 ? 'the last: ' : ''}${where})`}: call ${remedy}`
}

/**
 * @param {Pick<LeakTestResult, 'verdict' | 'suspects' | 'resources' | 'ignored' | 'elapsedMs'> & Partial<LeakTestResult>} found
 *   what was not looked for is left out
 * @param {{unit?: string, why?: string, next?: string, once?: string}} how of the message
 * @returns {LeakTestResult}
 */
function resultOf (found, { unit, ...how }) {
  const result = {
    calls: 1,
    rounds: [],
    bytesPerCall: null,
    objectsPerCall: found.suspects[0]?.objectsPerCall ?? null,
    notes: [],
    disturbers: disturbers(),
    files: [],
    ...found
  }
  return { ...result, message: messageOf({ ...result, ...how }, unit) }
}

/**
 * @param {Omit<LeakTestResult, 'message'> & {why?: string, next?: string, once?: string}} result once: of a block that ran once, what was looked for
 * @param {string} [unit] what a call is
 * @returns {string}
 */
function messageOf (result, unit = 'call') {
  const { verdict, suspects, resources, calls, rounds, bytesPerCall, notes, disturbers, once } = result
  const lines = []
  if (verdict === 'clean') lines.push(`does not leak: ${once ?? `${format.grouped(calls)} ${unit}s added nothing that stays`}`)
  if (verdict === 'undecided') lines.push(`undecided: ${result.why}`)
  if (verdict === 'leaks') {
    const [first, ...more] = [...resources.map((left) => leftOpenLine(left, unit)), ...suspects.map((suspect) => suspectLine(suspect, once === undefined ? unit : undefined))]
    lines.push(first ?? `grows by ${format.bytes(bytesPerCall ?? 0)} a ${unit}; what holds it was not found`, ...more.slice(0, 4).map((line) => `  also ${line}`))
    const [suspect] = suspects
    if (suspect?.allocated) lines.push(`  allocated: ${suspect.allocated.function === null ? '' : `${suspect.allocated.function} `}(${placeOf(suspect.allocated)})`)
    // Of what a mock keeps for each call, not every array has a name of its own.
    const note = suspects.find((each) => each.note !== null)?.note
    if (note) lines.push(`  note: ${note}`)
  }
  if (verdict !== 'clean' && once === undefined) lines.push(`  measured: ${format.grouped(calls)} ${unit}s${rounds.length === 0 ? '' : ` in ${rounds.length + 1} rounds`}${bytesPerCall === null ? '' : `, ${signed(bytesPerCall)} a ${unit} in the last`}`)
  if (verdict === 'undecided' && result.next) lines.push(`  next: ${result.next}`)
  for (const note of notes) lines.push(`  note: ${note}`)
  if (verdict !== 'clean') for (const { message } of disturbers) lines.push(`  here: ${message}`)
  return lines.join('\n')
}

/**
 * @template {Pick<LeakTestResult, 'verdict' | 'message'>} R
 * @param {{name: string}} tested the function, or 'the server'
 * @param {R} result
 * @returns {(Error & {result: R}) | undefined} what to throw, unless it is clean
 */
function failureOf ({ name }, result) {
  if (result.verdict === 'clean') return undefined
  const code = result.verdict === 'leaks' ? 'ERR_TIDEMARK_LEAK' : 'ERR_TIDEMARK_LEAK_UNDECIDED'
  // Not enumerable: runners print what is, and the message has said it.
  return /** @type {any} */ (Object.defineProperty(createError(code, [name, result.message]), 'result', { value: result }))
}

function signed (bytes) {
  const text = format.bytes(Math.round(bytes))
  return bytes >= 0 ? `+${text}` : text
}

/**
 * What a test that passes has to say all the same: rules that match nothing, what was not requested. Nobody reads the
 * message of one.
 * @param {{notes: string[]}} result
 */
function warnOf ({ notes }) {
  for (const note of notes) process.emitWarning(note, { type: 'TidemarkWarning', code: 'TIDEMARK_LEAK_TEST' })
}

module.exports = { chainOf, failureOf, fileIn, leftOpenLine, placeOf, resultOf, suspectLine, suspectOf, warnOf }
