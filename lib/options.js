'use strict'

const { createError } = require('./errors')
const { EVIDENCE_NAMES } = require('./evidence/sources')

/**
 * The signals that mean nothing to a process; the others end it, tell it something, or cannot be heard.
 * Not SIGUSR1, which opens Node's debugger.
 */
const FREE_SIGNALS = ['SIGUSR2', 'SIGPWR', 'SIGURG', 'SIGIO', 'SIGINFO']

/** How much memory the process may have: as a number of bytes, or as people write it. */
const MEMORY_LIMIT = { default: undefined, read: size, check: optional(memorySize()) }

/**
 * The options of `start()`: for each its default and what it must be. Nothing that the caller
 * passes is changed; the result is a new object with every option set. Own properties count alone, so that
 * a polluted `Object.prototype` changes nothing.
 */
const OPTIONS = {
  detector: { default: 'trend', check: oneOf('trend', 'memwatch') },
  consecutive: { default: 5, check: integer(2, 1000) },
  channels: { default: ['heap', 'external', 'native', 'resources'], check: subsetOf('heap', 'external', 'native', 'resources') },
  historySize: { default: 512, check: integer(16, 65536) },
  sampleIntervalMs: { default: 2000, check: integer(100, 3600000) },
  idleGc: { default: true, check: boolean() },
  idleGcIntervalMs: { default: 5000, check: integer(1000, 86400000) },
  requests: { default: true, check: boolean() },
  evidence: { default: EVIDENCE_NAMES, check: someOf(...EVIDENCE_NAMES) },
  ignore: { default: [], check: ignoreRules() },
  criticalMs: { default: 120000, check: integer(1000, 86400000) },
  terminationLog: { default: undefined, read: terminationLog, check: optional(fileName()) },
  recorder: { default: undefined, read: recorder, check: optional(recorderPlan()) },
  report: { default: undefined, read: report, check: optional(reportPlan()) },
  reportNearHeapLimit: { default: false, check: boolean() },
  onArtifact: { default: undefined, read: onArtifact, check: optional(artifactPlan()) },
  maxPauseMs: { default: 50, check: integer(1, 3600000) },
  memoryLimit: MEMORY_LIMIT,
  source: { default: 'auto', check: oneOf('auto', 'perf_hooks') },
  snapshots: { default: 'off', check: oneOf('off', 'auto') },
  signal: { default: undefined, check: optional(oneOf(...FREE_SIGNALS)) },
  snapshotNearHeapLimit: { default: false, check: boolean() },
  nearHeapLimitTimeoutMs: { default: 20000, check: integer(1000, 600000) },
  snapshotFolder: { default: undefined, check: optional(folderName()) }
}

/**
 * @template {Record<string, {default: unknown, check: Function, read?: Function}>} [T=typeof OPTIONS]
 * @param {object | undefined} given what the caller passed; undefined means all defaults
 * @param {T} table the known options
 * @returns {{[name in keyof T]: any}}
 */
function readOptions (given, table = /** @type {any} */ (OPTIONS)) {
  if (given === undefined) given = {}
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw createError('ERR_TIDEMARK_OPTION', ['options', 'an object', given])
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name)) {
      const known = Object.keys(table)
      throw createError('ERR_TIDEMARK_UNKNOWN_OPTION', [name, known, nearest(name, known)])
    }
  }
  const options = /** @type {any} */ ({})
  for (const [name, option] of Object.entries(table)) {
    const { default: fallback, check } = option
    const raw = Object.hasOwn(given, name) ? given[name] : undefined
    const value = Object.hasOwn(option, 'read') ? option.read?.(raw) : raw
    if (value === undefined) {
      options[name] = Array.isArray(fallback) ? [...fallback] : fallback
    } else {
      const expected = check(value)
      if (expected) throw createError('ERR_TIDEMARK_OPTION', [name, expected, given[name]])
      options[name] = Array.isArray(value) ? [...value] : value
    }
  }
  return options
}

/** For every start in this thread, given by what watches on behalf of the app (the preload). */
let preset

/**
 * What the app's own `start(options)` names still wins.
 * @param {object} options as for `start()`
 * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
 */
function setPreset (options) {
  readOptions(options)
  preset = { ...options }
}

function getPreset () {
  return preset
}

/** @param {Record<string, any>} options as read. @returns {string[]} what was asked for and does nothing, in words */
function ignoredOptions ({ detector, consecutive }) {
  return detector === 'memwatch' || consecutive === OPTIONS.consecutive.default
    ? []
    : ["`consecutive` is ignored: it is for `detector: 'memwatch'`."]
}

// A check answers with what it expected, or with nothing when the value is right.

function oneOf (...values) {
  return (value) => values.includes(value) ? undefined : `one of ${quoted(values)}`
}

function subsetOf (...values) {
  return (value) => Array.isArray(value) && value.length > 0 && value.every((item) => values.includes(item))
    ? undefined
    : `a non-empty array of ${quoted(values)}`
}

function someOf (...values) {
  return (value) => Array.isArray(value) && value.every((item) => values.includes(item))
    ? undefined
    : `an array of none or more of ${quoted(values)}`
}

function integer (least, most) {
  return (value) => Number.isSafeInteger(value) && value >= least && value <= most
    ? undefined
    : `an integer from ${least} to ${most}`
}

/** '536870912', '512m', '512MB', '0.5Gi': bytes. What is none stays what it is, which no check lets through. */
function size (value) {
  if (typeof value !== 'string') return value
  const parts = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b|i)?$/i.exec(value.trim())
  if (parts === null) return value
  return Math.round(Number(parts[1]) * 1024 ** ' kmgt'.indexOf(parts[2].toLowerCase() || ' '))
}

function memorySize () {
  const wrong = integer(1048576, Number.MAX_SAFE_INTEGER)
  return (value) => wrong(value) && `${wrong(value)} in bytes, or a size such as '512m' or '1g'`
}

function boolean () {
  return (value) => typeof value === 'boolean' ? undefined : 'true or false'
}

function folderName () {
  return (value) => typeof value === 'string' && value !== '' && !value.includes('\0') ? undefined : 'the path of a folder'
}

/** Where Kubernetes looks, unless the pod names another file. */
const TERMINATION_LOG = '/dev/termination-log'

/** true, or the file. What is none stays what it is, which no check lets through. */
function terminationLog (value) {
  if (value === false) return undefined
  return value === true ? TERMINATION_LOG : value
}

function fileName () {
  return (value) => folderName()(value) && 'true, false or the path of a file'
}

/** Files of processes that are gone: so many are kept, and for so long. */
const KEEP = { files: 10, days: 7 }

/** A folder, or an object with more to say. What is none stays what it is, which no check lets through. */
/** Own properties that are set: the others mean the default. */
function ownOf (options) {
  const set = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.assign(Object.create(null), Object.fromEntries(set))
}

function recorder (value) {
  if (typeof value === 'string') return { directory: value, keep: { ...KEEP } }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const { directory, keep = {}, ...rest } = ownOf(value)
  return { ...rest, directory, keep: keep === null || typeof keep !== 'object' ? keep : { ...KEEP, ...ownOf(keep) } }
}

function recorderPlan () {
  const isFolder = (value) => folderName()(value) === undefined
  const isKeep = ({ files, days, ...rest }) => Object.keys(rest).length === 0 && integer(0, 10000)(files) === undefined && typeof days === 'number' && days >= 0 && days <= 3650
  return (value) => {
    const { directory, keep, ...rest } = Object(value)
    const isRight = isFolder(directory) && typeof keep === 'object' && keep !== null && isKeep(keep) && Object.keys(rest).length === 0
    return isRight ? undefined : 'the path of a folder, or { directory, keep: { files: 10, days: 7 } }'
  }
}

/** Reports of a service: so many are kept. */
const KEEP_REPORTS = 10

/** A folder, or an object with more to say. What is none stays what it is, which no check lets through. */
function report (value) {
  if (typeof value === 'string') return { directory: value, keep: KEEP_REPORTS }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const { directory, keep = KEEP_REPORTS, ...rest } = ownOf(value)
  return { ...rest, directory, keep }
}

function reportPlan () {
  return (value) => {
    const { directory, keep, ...rest } = Object(value)
    const isRight = folderName()(directory) === undefined && integer(1, 10000)(keep) === undefined && Object.keys(rest).length === 0
    return isRight ? undefined : 'the path of a folder, or { directory, keep: 10 }'
  }
}

/** Milliseconds. */
const ARTIFACT_TIMEOUT = 60000

function onArtifact (value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  const { command, timeoutMs = ARTIFACT_TIMEOUT, ...rest } = ownOf(value)
  return { ...rest, command: Array.isArray(command) ? [...command] : command, timeoutMs }
}

function artifactPlan () {
  return (value) => {
    const { command: given, timeoutMs, ...rest } = Object(value)
    return command()(given) === undefined && integer(100, 86400000)(timeoutMs) === undefined && Object.keys(rest).length === 0
      ? undefined
      : '{ command: [program, ...arguments], timeoutMs: 60000 }'
  }
}

/** What is run without a shell. */
function command () {
  const isText = (part) => typeof part === 'string' && !part.includes('\0')
  return (value) => Array.isArray(value) && value.length > 0 && value.every(isText) && value[0] !== '' ? undefined : '[program, ...arguments]'
}

function func () {
  return (value) => typeof value === 'function' ? undefined : 'a function'
}

/** By what is used of it: in a vm context, as test runners make, the class is another. */
function abortSignal () {
  return (value) => typeof value?.aborted === 'boolean' && [value.addEventListener, value.throwIfAborted].every((method) => typeof method === 'function')
    ? undefined
    : 'an AbortSignal'
}

/** Of a rule: until when it holds, if not for good. */
function isUntil (until) {
  return until === undefined || ((until instanceof Date || typeof until === 'string') && !Number.isNaN(new Date(until).getTime()))
}

function ignoreRules () {
  const isRule = (rule) => typeof rule?.signature === 'string' && typeof rule.reason === 'string' && rule.reason !== '' && isUntil(rule.until)
  return (value) => Array.isArray(value) && value.every(isRule)
    ? undefined
    : 'an array of { signature, reason, until }, with `reason` a text and `until` a date or left out'
}

function optional (check) {
  return (value) => value === undefined ? undefined : check(value)
}

function quoted (values) {
  return values.map((value) => `'${value}'`).join(', ')
}

/** The known name that a typing error most likely meant: same letters but for case, or a few off. */
function nearest (name, known) {
  const near = (a, b) => a.toLowerCase() === b.toLowerCase() ||
    distance(a, b) <= (b.length > 4 ? 2 : 1) ||
    (Math.abs(a.length - b.length) <= 2 && (a.startsWith(b.slice(0, 5)) || b.endsWith(a.slice(-5))))
  return known.find((candidate) => near(name, candidate))
}

/** @returns {number} how many letters are to be put in, taken out or changed; of names, which are short */
function distance (a, b) {
  if (Math.abs(a.length - b.length) > 2) return Infinity
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]
}

module.exports = { KEEP_REPORTS, command, nearest, OPTIONS, FREE_SIGNALS, MEMORY_LIMIT, readOptions, getPreset, setPreset, ignoredOptions, oneOf, subsetOf, integer, boolean, recorder, report, terminationLog, size, folderName, func, abortSignal, isUntil, optional }
