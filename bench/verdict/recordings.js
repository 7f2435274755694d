'use strict'

// Reads a folder of recordings: one CSV (also gzipped) a program, labels.json beside them.
const fs = require('node:fs')
const path = require('node:path')
const zlib = require('node:zlib')

const REQUIRED = ['t_ms', 'kind', 'used']
const MAJOR = 4
const FORCED = 4 // v8::kGCCallbackFlagForced

class CorpusError extends Error {}

/** @returns {{ name: string, label?: 'leak' | 'healthy', channel?: string, onset: number, rows: object[] }[]} */
function readCorpus (directory) {
  if (!fs.existsSync(directory)) throw new CorpusError(`No such directory: ${directory}`)
  const files = fs.readdirSync(directory).filter((file) => /\.csv(\.gz)?$/.test(file)).sort()
  if (files.length === 0) throw new CorpusError(`No recordings (*.csv or *.csv.gz) in ${directory}`)
  const labels = readLabels(path.join(directory, 'labels.json'))
  return files.map((file) => {
    const name = file.replace(/\.csv(\.gz)?$/, '')
    const { label, channel, onset = 0 } = labels[name] ?? {}
    return { name, label, channel: channel || undefined, onset, rows: readRows(path.join(directory, file)) }
  })
}

function readLabels (file) {
  if (!fs.existsSync(file)) {
    throw new CorpusError(`No labels.json in ${path.dirname(file)}. It maps each recording to its truth: {"name": {"label": "leak", "channel": "heap"}}`)
  }
  let labels
  try {
    labels = JSON.parse(fs.readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CorpusError(`${file} is not JSON: ${error.message}`, { cause: error })
  }
  for (const [name, { label } = {}] of Object.entries(labels)) {
    if (label !== undefined && label !== 'leak' && label !== 'healthy') {
      throw new CorpusError(`Expected the label of ${name} in ${file} to be "leak" or "healthy", got ${JSON.stringify(label)}`)
    }
  }
  return labels
}

/** Columns that nobody knows are ignored; those that are missing come out undefined. */
function readRows (file) {
  const bytes = fs.readFileSync(file)
  const text = (file.endsWith('.gz') ? zlib.gunzipSync(bytes) : bytes).toString('utf8')
  const lines = text.split(/\r?\n/).filter(Boolean)
  const header = (lines.shift() ?? '').split(',').map((name) => name.trim())
  const missing = REQUIRED.filter((name) => !header.includes(name))
  if (missing.length > 0) throw new CorpusError(`${file} has no column ${missing.join(', ')}`)
  const index = Object.fromEntries(header.map((name, i) => [name, i]))
  const allocation = allocationClock(header.includes('allocated'))
  return lines.map((line) => {
    const cells = line.split(',')
    const cell = (name) => {
      const value = index[name] === undefined ? '' : cells[index[name]]
      return value === undefined || value === '' || Number.isNaN(Number(value)) ? undefined : Number(value)
    }
    const row = {
      atMs: cell('t_ms'),
      kind: cell('kind'),
      forced: ((cell('flags') ?? 0) & FORCED) !== 0,
      durationMs: (cell('gc_us') ?? 0) / 1000,
      usedBefore: cell('pre_used'),
      used: cell('used') ?? 0,
      total: cell('total') ?? cell('used') ?? 0,
      external: cell('ext') ?? 0,
      limit: cell('limit') ?? 0,
      rss: cell('rss'),
      requests: cell('ops') ?? cell('requests'),
      resources: cell('resources')
    }
    row.allocated = cell('allocated') ?? allocation(row)
    return row
  })
}

/** Bytes allocated so far: what the heap grew by from one reading to the next. */
function allocationClock (recorded) {
  let last
  let allocated = 0
  return ({ kind, used, usedBefore }) => {
    if (recorded) return undefined
    const now = kind === 0 ? used : usedBefore
    if (last !== undefined && now !== undefined) allocated += Math.max(0, now - last)
    last = used
    return allocated
  }
}

/** The low-water marks at full GCs, without the first, which is start-up. What the peers are fed. */
function marks (rows) {
  const found = []
  let external = Infinity
  let native = Infinity
  for (const row of rows) {
    external = Math.min(external, row.external)
    if (row.rss !== undefined) native = Math.min(native, row.rss - row.total - row.external)
    if (row.kind !== MAJOR) continue
    found.push({ atMs: row.atMs, heap: row.used, external, native: Number.isFinite(native) ? native : undefined })
    external = Infinity
    native = Infinity
  }
  return found
}

module.exports = { CorpusError, MAJOR, marks, readCorpus }
