'use strict'

// Can the verdict be trusted? Replays recordings of programs with a known truth through the real
// detector and, beside it, through the rules of others.
// npm run bench:verdict [-- --corpus DIR] [-- --json]
const path = require('node:path')
const { parseArgs } = require('node:util')
const { Detector } = require('../../binding.js')
const { CorpusError, MAJOR, marks, readCorpus } = require('./recordings')
const rules = require('./rules')
const { median } = require('../statistics')

const OWN_CORPUS = path.join(__dirname, '..', '..', '__test__', 'corpus')

const RULES = {
  tidemark: (recording) => replay(recording, {}),
  "memwatch's rule": (recording) => replay(recording, { rule: 'memwatch', consecutive: 5 }),
  "memwatch's rule on every channel": (recording) => followRule(recording, rules.consecutive(rules.CHANNELS)),
  'least squares slope + R2': (recording) => followRule(recording, rules.leastSquares()),
  'Mann-Kendall + Sen': (recording) => followRule(recording, rules.mannKendall())
}

/**
 * The limit that a recorded program is judged under: it would reach it two lengths of the recording after its end,
 * at its mean growth, whether that is a leak or not. Under V8's own limit, which is hours or days away, no growth of 90 seconds
 * should be believed, and a watcher that believes it is wrong on every cache that fills.
 */
const LENGTHS = 2
const LEAST_ROOM = 8 * 1048576

function limitOf (rows) {
  const all = marks(rows)
  let limit = 0
  for (const channel of ['heap', 'external', 'native']) {
    const sizes = all.slice(1).map((mark) => mark[channel]).filter((size) => size !== undefined)
    if (sizes.length === 0) continue
    const edge = Math.max(1, sizes.length >> 2)
    const low = (part) => Math.min(...part)
    const growth = low(sizes.slice(-edge)) - low(sizes.slice(0, edge))
    limit = Math.max(limit, low(sizes.slice(-edge)) + Math.max(LEAST_ROOM, LENGTHS * growth))
  }
  return limit
}

/** The detector of the addon. An alarm is its first leak event, from the onset on where there is one. */
function replay ({ rows, onset }, options) {
  const detector = new Detector(options)
  const limit = limitOf(rows)
  const alarms = []
  for (const row of rows) {
    const change = detector.push(row.kind, row.forced, row.atMs, row.durationMs, row.used, row.total, row.external,
      limit, row.rss, row.allocated, row.requests, row.resources)
    if (change?.event === 'leak') alarms.push({ atMs: row.atMs, channel: change.channel })
  }
  const status = Object.fromEntries(detector.status().map((channel) => [channel.channel, channel]))
  return { alarm: firstSince(alarms, rows, onset), early: isEarly(alarms, rows, onset), status }
}

/** A rule that looks at the marks of all full GCs so far. */
function followRule ({ rows, onset }, rule) {
  const all = marks(rows)
  const alarms = []
  for (let count = 1; count <= all.length; count++) {
    const channel = rule(all.slice(0, count))
    if (channel !== undefined) alarms.push({ atMs: all[count - 1].atMs, channel })
  }
  return { alarm: firstSince(alarms, rows, onset), early: isEarly(alarms, rows, onset) }
}

const onsetMs = (rows, onset) => onset * (rows.at(-1)?.atMs ?? 0)
const firstSince = (alarms, rows, onset) => alarms.find(({ atMs }) => atMs >= onsetMs(rows, onset))
const isEarly = (alarms, rows, onset) => alarms.some(({ atMs }) => atMs < onsetMs(rows, onset))

function score (corpus, rule) {
  const verdicts = corpus.map((recording) => ({ recording, ...rule(recording) }))
  const labelled = verdicts.filter(({ recording }) => recording.label !== undefined)
  const leaks = labelled.filter(({ recording }) => recording.label === 'leak')
  const healthy = labelled.filter(({ recording }) => recording.label === 'healthy')
  const found = leaks.filter(({ alarm }) => alarm)
  // An alarm before the leak began is as false as one where there is none.
  const falsely = [...healthy.filter(({ alarm }) => alarm), ...leaks.filter(({ early }) => early)]
  const hours = healthy.reduce((sum, { recording }) => sum + (recording.rows.at(-1)?.atMs ?? 0), 0) / 3.6e6
  const precision = ratio(found.length, found.length + falsely.length)
  const recall = ratio(found.length, leaks.length)
  return {
    verdicts,
    precision,
    recall,
    f1: precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0,
    found: found.length,
    missed: leaks.length - found.length,
    falseAlarms: falsely.length,
    falseAlarmsPerHour: hours > 0 ? falsely.length / hours : 0,
    rightChannel: found.filter(({ recording, alarm }) => recording.channel === undefined || recording.channel === alarm.channel).length,
    medianAlarmMs: found.length > 0 ? median(found.map(({ alarm }) => alarm.atMs)) : undefined
  }
}

const ratio = (part, whole) => (whole > 0 ? part / whole : 0)

/** Why a leak was not told: the gate that holds its channel back at the end of the recording. */
function reason ({ recording, status }) {
  if (!status) return ''
  const state = status[recording.channel ?? 'heap'] ?? Object.values(status)[0]
  const gate = state.heldBackBy ?? state.gate
  return `${state.state}: ${typeof gate === 'object' ? gate.message : gate ?? 'nothing holds it back'}`
}

function errors ({ verdicts }) {
  return verdicts
    .filter(({ recording: { label }, alarm, early }) => (label === 'leak' && !alarm) || (label === 'healthy' && alarm) || early)
    .map((verdict) => {
      const { recording, alarm, early } = verdict
      const missed = recording.label === 'leak' && !alarm
      return {
        name: recording.name,
        error: missed ? 'missed' : early ? 'before it began' : 'false alarm',
        channel: missed ? recording.channel : alarm?.channel,
        at: alarm && seconds(alarm.atMs),
        reason: missed ? reason(verdict) : ''
      }
    })
}

const seconds = (ms) => (ms === undefined ? '' : `${(ms / 1000).toFixed(0)} s`)

function table (rows) {
  if (rows.length === 0) return '  none'
  const columns = Object.keys(rows[0])
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))]
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i].length)))
  return cells.map((line) => `  ${line.map((cell, i) => cell.padEnd(widths[i])).join('  ')}`.trimEnd()).join('\n')
}

function report (corpus, scores, directory) {
  const count = (label) => corpus.filter((recording) => recording.label === label).length
  const unlabelled = corpus.filter(({ label }) => label === undefined)
  const lines = [
    `Each is judged under a limit that it would reach after ${LENGTHS} more lengths of its recording, at its mean growth: minutes away,`,
    'since under a limit that is days away no growth of 90 seconds should be believed.',
    '',
    `${corpus.length} recordings in ${directory}: ${count('leak')} leaks, ${count('healthy')} healthy, ${unlabelled.length} without a label`,
    '',
    table(Object.entries(scores).map(([rule, result]) => ({
      rule,
      F1: result.f1.toFixed(3),
      precision: result.precision.toFixed(2),
      recall: result.recall.toFixed(2),
      'false alarms': `${result.falseAlarms} (${result.falseAlarmsPerHour.toFixed(1)}/h)`,
      'right channel': `${result.rightChannel} of ${result.found}`,
      'median alarm': seconds(result.medianAlarmMs)
    }))),
    '',
    'What tidemark got wrong, and the gate that held each miss back:',
    table(errors(scores.tidemark))
  ]
  if (unlabelled.length > 0) {
    lines.push('', 'Without a label:', table(scores.tidemark.verdicts.filter(({ recording }) => recording.label === undefined).map((verdict) => ({
      name: verdict.recording.name,
      alarm: verdict.alarm ? `${verdict.alarm.channel} after ${seconds(verdict.alarm.atMs)}` : 'none',
      reason: verdict.alarm ? '' : reason(verdict)
    }))))
  }
  return lines.join('\n')
}

function asJson (corpus, scores, directory, goal) {
  const { verdicts } = scores.tidemark
  return {
    corpus: directory,
    recordings: corpus.length,
    rules: Object.entries(scores).map(([rule, { verdicts: _, ...numbers }]) => ({ rule, ...numbers })),
    errors: errors(scores.tidemark),
    series: verdicts.map((verdict) => ({
      name: verdict.recording.name,
      label: verdict.recording.label ?? null,
      channel: verdict.recording.channel ?? null,
      fullGcs: verdict.recording.rows.filter(({ kind }) => kind === MAJOR).length,
      alarm: verdict.alarm ?? null,
      reason: verdict.alarm ? null : reason(verdict)
    })),
    goal
  }
}

function main () {
  let values
  try {
    values = parseArgs({ options: { corpus: { type: 'string' }, json: { type: 'boolean', default: false } } }).values
  } catch (error) {
    console.error(`${error.message}\nUsage: npm run bench:verdict [-- --corpus DIR] [-- --json]`)
    return 2
  }
  const directory = path.resolve(values.corpus ?? OWN_CORPUS)
  let corpus
  try {
    corpus = readCorpus(directory)
  } catch (error) {
    if (!(error instanceof CorpusError)) throw error
    console.error(error.message)
    return 2
  }
  const scores = Object.fromEntries(Object.entries(RULES).map(([name, rule]) => [name, score(corpus, rule)]))
  const { tidemark, ...others } = scores
  // The goal is about the recordings that come with the project.
  const own = directory === OWN_CORPUS
  const goal = own ? { met: Object.values(others).every((other) => tidemark.f1 > other.f1 && tidemark.falseAlarms < other.falseAlarms) } : null
  console.log(values.json
    ? JSON.stringify(asJson(corpus, scores, directory, goal))
    : report(corpus, scores, path.relative(process.cwd(), directory) || '.'))
  if (goal && !values.json) console.log(`\nGoal (a higher F1 and fewer false alarms than every other rule): ${goal.met ? 'met' : 'missed'}`)
  return goal && !goal.met ? 1 : 0
}

process.exitCode = main()
