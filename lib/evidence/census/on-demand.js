'use strict'

const { isMainThread } = require('node:worker_threads')
const { OPTIONS: OF_START, boolean, integer, optional, readOptions } = require('../../options')
const { Pauses } = require('../../pauses')
const { countResources } = require('../../resource-watch')
const { memoryInUse } = require('../memory-in-use')
const { besideOf } = require('./beside')
const { contentsOf } = require('./contents')
const { queryHeap } = require('./heap-wide')
const { mayHideDictionary } = require('./large-objects')
const { Ledger } = require('./ledger')
const { describePlace, isPackageTable } = require('./place')
const { Scopes } = require('./scopes')
const { remember, whatGrew } = require('./since')
const { siteOf } = require('./site')
const { Slices, now } = require('../../slices')
const { Walk } = require('./walk')

const WALK_LIMIT_MS = 10000
const MAX_LISTED = 50

const OPTIONS = {
  since: { default: undefined, check: optional(isCensus) },
  heapWide: { default: false, check: boolean() },
  maxPauseMs: { default: undefined, check: optional(integer(1, 3600000)) }
}

/** An earlier census, also one that was JSON in the meantime. */
function isCensus (value) {
  const isEntry = (entry) => typeof entry === 'object' && entry !== null && typeof entry.key === 'string' && typeof entry.size === 'number'
  const isList = (list) => Array.isArray(list) && list.every(isEntry)
  return typeof value === 'object' && value !== null && isList(value.containers) && isList(value.emitters) ? undefined : 'a census'
}

/**
 * The largest containers that can be reached by name. Takes its time, in slices of a few
 * milliseconds, and asks for no collection unless `heapWide` wants what has no name, too.
 * @param {{since?: object, heapWide?: boolean, maxPauseMs?: number}} [options] `since`: an earlier census, to be told what grew
 * @param {{binding?: typeof import('../../../binding'), maxPauseMs?: number}} [means] `maxPauseMs`: where the options have none
 * @throws ERR_TIDEMARK_OPTION, ERR_TIDEMARK_UNKNOWN_OPTION
 */
async function census (options, { binding, maxPauseMs: allowed = OF_START.maxPauseMs.default } = {}) {
  const { since, heapWide, maxPauseMs = allowed } = readOptions(options, OPTIONS)
  const pauses = new Pauses(maxPauseMs)
  const time = new Date()
  const slices = new Slices({ limitMs: WALK_LIMIT_MS, keepsAlive: true })
  const ledger = new Ledger()
  const { scopes, problem } = Scopes.open({ binding, pauses })
  const walk = new Walk({ scopes, slices, found: (container, seen) => ledger.note(container, seen, now()) })
  const problems = problem === undefined ? [] : [problem]
  const containers = []
  const emitters = []
  const grew = []
  let records, rest
  try {
    await walk.run()
    records = ledger.all().sort((one, other) => other.last.size - one.last.size)
    const options = { scopes, careful: mayHideDictionary(records), memory: memoryInUse() }
    await listOnce(containers, records.filter(({ shape }) => shape !== 'emitter'), slices, options)
    await listOnce(emitters, records.filter(({ shape }) => shape === 'emitter'), slices, options)
    if (since !== undefined) await list(grew, whatGrew(since, records, MAX_LISTED), slices, options)
    if (heapWide) {
      if (scopes === undefined) problems.push('Without the inspector the heap could not be searched for containers that have no name.')
      else rest = await queryHeap(scopes, slices, pauses, (container) => ledger.recordOf(container))
    }
  } finally {
    scopes?.close()
    slices.end()
  }
  const resources = { ...countResources() }
  if (process.platform === 'linux' && isMainThread && resources.OpenFile === undefined) problems.push('Open files were not counted: /proc/self/fd cannot be read.')
  const result = {
    time,
    containers,
    emitters,
    ...rest === undefined ? {} : { heapWide: rest },
    resources,
    ...since === undefined ? {} : { grew },
    cost: {
      durationMs: Math.round(slices.durationMs * 10) / 10,
      longestSliceMs: Math.round(slices.longestMs * 10) / 10,
      objects: walk.objects,
      functions: walk.functions,
      truncated: walk.truncated
    },
    problems: [...problems, ...walk.problems, ...pauses.problems]
  }
  remember(result, records, !walk.truncated && !ledger.full)
  return result
}

/** Tables of packages behind all others. @param {import('./ledger').Record[]} records the largest first */
function * inOrder (records) {
  for (const isTable of [false, true]) {
    for (const record of records) if (record.last.size > 0 && isPackageTable(record.place) === isTable) yield { record }
  }
}

async function list (into, found, slices, options) {
  for (const { record, ...more } of found) {
    if (into.length === MAX_LISTED) break
    const container = record.ref.deref()
    if (container !== undefined) into.push({ ...describe(record, container, options), ...more })
    if (slices.full) await slices.turn()
  }
}

/** As `list`, and of those that have the same name only the first. */
async function listOnce (into, records, slices, options) {
  const named = new Map()
  for (const { record } of inOrder(records)) {
    if (into.length === MAX_LISTED) break
    const name = describePlace(record.place)
    const first = named.get(name)
    if (first === undefined) {
      const count = into.length
      await list(into, [{ record }], slices, options)
      if (into.length > count) named.set(name, into[count])
    } else {
      first.alike = (first.alike ?? 0) + 1
      if (slices.full) await slices.turn()
    }
  }
}

function describe (record, container, { memory, ...options }) {
  const { lists: beside } = besideOf(record.owner?.deref(), container, options.scopes, options.careful)
  const { holds, bytesPerEntry } = contentsOf(container, record.shape, { ...options, mostPerEntry: memory / record.last.size, beside })
  return {
    key: record.key,
    type: record.type,
    name: describePlace(record.place),
    size: record.last.size,
    holds: holds.slice(0, 3),
    bytes: bytesPerEntry > 0 ? record.last.size * bytesPerEntry : null,
    location: siteOf(record.place)
  }
}

module.exports = { census }
