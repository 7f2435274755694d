'use strict'

const { createError } = require('../errors')
const { OPTIONS, oneOf, recorder, report, size, subsetOf, terminationLog } = require('../options')

/** What the lines on stderr look like, and which events make one. */
const OWN = {
  format: { default: 'text', check: oneOf('text', 'json') },
  events: { default: ['leak', 'leak-evidence', 'recovered', 'critical', 'previous-run'], check: subsetOf('leak', 'leak-evidence', 'recovered', 'critical', 'previous-run', 'stats', 'gc') }
}

/** For each variable the option that it sets, and how its text is read. */
const VARIABLES = {
  TIDEMARK_FORMAT: ['format', text],
  TIDEMARK_EVENTS: ['events', list],
  TIDEMARK_CRITICAL_MS: ['criticalMs', number],
  TIDEMARK_DETECTOR: ['detector', text],
  TIDEMARK_CONSECUTIVE: ['consecutive', number],
  TIDEMARK_CHANNELS: ['channels', list],
  TIDEMARK_EVIDENCE: ['evidence', listOrNone],
  TIDEMARK_HISTORY_SIZE: ['historySize', number],
  TIDEMARK_NEAR_HEAP_LIMIT_TIMEOUT_MS: ['nearHeapLimitTimeoutMs', number],
  TIDEMARK_SAMPLE_INTERVAL_MS: ['sampleIntervalMs', number],
  TIDEMARK_IDLE_GC: ['idleGc', truth],
  TIDEMARK_IDLE_GC_INTERVAL_MS: ['idleGcIntervalMs', number],
  TIDEMARK_MAX_PAUSE_MS: ['maxPauseMs', number],
  TIDEMARK_MEMORY_LIMIT: ['memoryLimit', size],
  TIDEMARK_RECORDER: ['recorder', recorderFolder],
  TIDEMARK_REPORT: ['report', reportFolder],
  TIDEMARK_REQUESTS: ['requests', truth],
  TIDEMARK_SIGNAL: ['signal', text],
  TIDEMARK_SNAPSHOTS: ['snapshots', text],
  TIDEMARK_SNAPSHOT_FOLDER: ['snapshotFolder', text],
  TIDEMARK_SNAPSHOT_NEAR_HEAP_LIMIT: ['snapshotNearHeapLimit', truth],
  TIDEMARK_SOURCE: ['source', text],
  TIDEMARK_TERMINATION_LOG: ['terminationLog', terminationFile]
}

/**
 * In PM2's cluster mode what its configuration sets comes into the environment after the preloads ran:
 * until then it is in `pm2_env`, as JSON.
 * @param {Record<string, string | undefined>} env
 * @returns {Record<string, string | undefined>}
 */
function environment (env) {
  if (env.pm2_env === undefined) return env
  try {
    return { ...env, ...JSON.parse(env.pm2_env) }
  } catch {
    return env
  }
}

/** What Kubernetes sets in every container beside a service that is called 'tidemark'. */
const KUBERNETES = /^TIDEMARK_(SERVICE_|PORT)/

/**
 * The settings that the environment asks for. A variable that is unknown or wrong is an error in
 * `errors`; the others count all the same, and so does the default of the wrong one: better to be
 * watched by the defaults than, unnoticed, not at all. An empty variable is one that is not set.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {{format: string, events: string[], options: object | undefined, errors: Error[]}}
 *   options is undefined where no variable sets one
 */
function readVariables (env) {
  const errors = []
  const own = { format: OWN.format.default, events: OWN.events.default }
  const options = {}
  for (const name of Object.keys(env)) {
    if (!name.startsWith('TIDEMARK_') || KUBERNETES.test(name) || String(env[name]).trim() === '') continue
    if (!Object.hasOwn(VARIABLES, name)) {
      errors.push(createError('ERR_TIDEMARK_UNKNOWN_OPTION', [name, Object.keys(VARIABLES)]))
      continue
    }
    const [option, read] = VARIABLES[name]
    const value = read(String(env[name]).trim())
    const isOwn = Object.hasOwn(OWN, option)
    const expected = (isOwn ? OWN : OPTIONS)[option].check(value)
    if (expected) {
      errors.push(createError('ERR_TIDEMARK_OPTION', [name, inText(expected, read), env[name]]))
    } else {
      (isOwn ? own : options)[option] = value
    }
  }
  return { ...own, options: Object.keys(options).length > 0 ? options : undefined, errors }
}

// What cannot be read stays the text that it is, which no check lets through.

function text (value) {
  return value
}

function list (value) {
  return value.split(',').map((item) => item.trim()).filter((item) => item !== '')
}

/** An empty variable is one that is not set. */
function listOrNone (value) {
  return /^(none|off|false|0)$/i.test(value) ? [] : list(value)
}

function number (value) {
  return /^\d+$/.test(value) ? Number(value) : value
}

/** A switch, or a file. */
function terminationFile (value) {
  return terminationLog(truth(value))
}

/** 'off' is no folder, as elsewhere. */
function recorderFolder (value) {
  return truth(value) === false ? undefined : recorder(value)
}

function reportFolder (value) {
  return truth(value) === false ? undefined : report(value)
}

function truth (value) {
  if (/^(true|1|on|yes)$/i.test(value)) return true
  if (/^(false|0|off|no)$/i.test(value)) return false
  return value
}

/** The checks speak of arrays and numbers; a variable is text. */
function inText (expected, read) {
  if (read === listOrNone) return `${expected.replace('an array of none or more of', 'a comma-separated list of')}, or none`
  if (read === list) return expected.replace('a non-empty array of', 'a comma-separated list of')
  return expected
}

module.exports = { environment, readVariables }
