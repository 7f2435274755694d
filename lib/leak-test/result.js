'use strict'

const path = require('node:path')
const format = require('../format')
const { named } = require('../names')
const { keeperOf } = require('./environment')

/**
 * What a test found, and how it is said.
 *
 * @typedef {import('../evidence/suspect').Location} Location
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

/** Steps of a path that are said in the first line. */
const SHORT_PATH = 3

/**
 * Of what the analyser found, what a test tells.
 * @param {import('../..').GrownSuspect} grown
 * @param {Location | null} allocated
 * @returns {TestSuspect}
 */
function suspectOf (grown, allocated) {
  const location = grown.location === null ? null : { file: grown.location.file, line: grown.location.line, column: grown.location.column ?? 1, function: null }
  const chain = chainOf(grown.path)
  return {
    holder: grown.holder,
    class: grown.class,
    signature: `test:${grown.class}:${location === null ? '' : `${path.basename(location.file)}:`}${grown.holder}`,
    objectsPerCall: grown.objectsPerCall,
    bytesPerCall: grown.bytesPerCall,
    location,
    allocated,
    path: chain,
    note: keeperOf([grown.holder, ...chain].join(' '))?.message ?? null
  }
}

/**
 * A retainer path from what is held outwards: 'Map `sessions`', '.store of an Object', 'global'.
 * @param {import('../..').SnapshotStep[]} path from the root to what is held
 * @returns {string[]}
 */
function chainOf (path) {
  return path.slice(1).map(stepWords).filter((words) => words !== null).reverse()
}

/** What a step is to a person; null for what only V8 sees. */
function stepWords ({ edge, class: type, name }) {
  if (/^\(|^system \//.test(type)) return edge?.type === 'context' ? named(edge.name) : null
  const what = name ?? type
  switch (edge?.type) {
    case 'context': return `${what} \`${named(edge.name)}\``
    case 'property': return `${what} .${named(edge.name)}`
    default: return what
  }
}

/** 'src/auth.js:12', from the folder of the process where the file is in it. @param {Location} location */
function placeOf ({ file, line }) {
  const relative = path.relative(process.cwd(), file)
  return `${relative.startsWith('..') || relative === '' ? file : relative}:${line}`
}

/** '1 Session (216 bytes)'. @param {TestSuspect} suspect */
function amount ({ class: name, objectsPerCall, bytesPerCall }) {
  if (!(objectsPerCall > 0)) return format.bytes(bytesPerCall)
  const count = objectsPerCall >= 9.95 ? format.grouped(Math.round(objectsPerCall)) : String(Number(objectsPerCall.toFixed(objectsPerCall < 1 ? 2 : 1)))
  return `${count} ${name} (${format.bytes(bytesPerCall)})`
}

/** @param {TestSuspect} suspect @param {string} unit @returns {string} */
function suspectLine (suspect, unit) {
  const place = suspect.location === null ? '' : ` (${placeOf(suspect.location)})`
  const holder = /:\d+\)?$/.test(suspect.holder) ? suspect.holder : `${suspect.holder}${place}`
  const chain = suspect.path.slice(0, SHORT_PATH)
  return `grows by ${amount(suspect)} a ${unit}: held by ${[holder, ...chain].join(' <- ')}`
}

/** @param {import('./opened').LeftOpen} left @param {string} unit @returns {string} */
function leftOpenLine ({ what, count, calls, remedy, detail, location }, unit) {
  const where = [detail, location === null ? null : `created at ${placeOf(location)}`].filter((part) => part !== null).join(', ')
  return `left ${format.grouped(count)} ${what} open in ${format.grouped(calls)} ${unit}s${where === '' ? '' : ` (the last: ${where})`}: call ${remedy}`
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
    const [first, ...more] = [...resources.map((left) => leftOpenLine(left, unit)), ...suspects.map((suspect) => suspectLine(suspect, unit))]
    lines.push(first ?? `grows by ${format.bytes(bytesPerCall ?? 0)} a ${unit}; what holds it was not found`, ...more.slice(0, 4).map((line) => `  also ${line}`))
    const [suspect] = suspects
    if (suspect?.allocated) lines.push(`  allocated: ${suspect.allocated.function === null ? '' : `${suspect.allocated.function} `}(${placeOf(suspect.allocated)})`)
    if (suspect?.note) lines.push(`  note: ${suspect.note}`)
  }
  if (verdict !== 'clean' && once === undefined) lines.push(`  measured: ${format.grouped(calls)} ${unit}s in ${rounds.length + 1} rounds${bytesPerCall === null ? '' : `, ${signed(bytesPerCall)} a ${unit} in the last`}`)
  if (verdict === 'undecided' && result.next) lines.push(`  next: ${result.next}`)
  for (const note of notes) lines.push(`  note: ${note}`)
  if (verdict !== 'clean') for (const { message } of disturbers) lines.push(`  here: ${message}`)
  if (result.files.length > 0) lines.push(`  files: ${result.files.join(', ')}`)
  return lines.join('\n')
}

function signed (bytes) {
  const text = format.bytes(Math.round(bytes))
  return bytes >= 0 ? `+${text}` : text
}

module.exports = { chainOf, leftOpenLine, messageOf, placeOf, suspectLine, suspectOf }
