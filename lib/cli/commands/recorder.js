'use strict'

const path = require('node:path')
const { duration, rate } = require('../../format')
const { endingOf, nearestLimit } = require('../../flight/ending')
const { rowsOf, seriesOf, stateOf } = require('../../flight/recording')
const { drawText, layOut } = require('../../chart')
const { bytes, percent, said, short } = require('../words')
const { cut, fit, inert, leftOut, table } = require('../../markdown')
const { plain } = require('../../plain')

const ROWS = 12
const MOST_COLUMNS = 100
/** For the numbers beside the chart. */
const MARGIN = 10
/** Of a thread in Markdown, from its first to its last. */
const MOST_READINGS = 8
/** In Markdown. */
const MOST_THREADS = 4

const SUBJECT_OF = { heap: 'JavaScript heap after full GCs', external: 'External memory', native: 'Native memory', resources: 'Active handles' }

async function run ({ binding, files: [file], options, terminal }) {
  const recording = read(binding, file)
  if (options.html !== undefined) await require('../report/recording').writeRecording(options.html, describe(recording))
  const json = { ...recording, ending: endingOf(recording), rows: rowsOf(recording) }
  return { json, text: options.format === 'md' ? markdown(describe(recording)) : text(describe(recording), { options, terminal }) }
}

function read (binding, file) {
  let recording
  try {
    recording = JSON.parse(binding.readFlight(path.resolve(file)))
  } catch (error) {
    throw new Error(`'${file}' cannot be read: ${error.message}.`, { cause: error })
  }
  if (recording.problem !== undefined) throw new Error(`'${file}' says nothing: ${recording.problem}.`)
  return recording
}

/** What is shown, in words, whatever it is shown on. */
function describe (recording) {
  const { identity, process: pulse, isolates, leaks, skipped, cut, file } = recording
  const limit = pulse === null ? undefined : nearestLimit(pulse)
  return {
    title: `${identity?.name ?? 'a process'}${identity?.version ? ` ${identity.version}` : ''}, process ${identity?.pid ?? '?'}`,
    facts: [
      identity && `Node.js ${identity.node} on ${identity.platform}, host ${identity.host}${list(' with ', identity.nodeArgs)}${list(', arguments ', identity.args)}`,
      pulse && `recorded for ${duration(pulse.uptimeMs)} until ${new Date(pulse.timeMs).toISOString()}`,
      pulse && pulse.rss !== null && `resident memory ${bytes(pulse.rss)}, at most ${bytes(pulse.peakRss ?? pulse.rss)}` +
        `${limit === undefined ? '' : `; ${bytes(limit.used)} of ${bytes(limit.limit)} (${percent(limit.used / limit.limit)}), ${limit.place}`}`
    ].filter(Boolean),
    ending: endingOf(recording).sentence,
    isolates: isolates.filter(({ readings, closed }) => readings.length > 0 || !closed).map((isolate) => describeIsolate(isolate, leaks)),
    leaks: leaks.map(({ time, message, suspects = [] }) => ({ time, message, suspects })),
    remarks: [
      skipped > 0 && `${skipped} record${skipped === 1 ? ' was' : 's were'} torn or foreign, and skipped.`,
      cut && 'The file was cut: what is whole is shown.',
      pulse?.failedWrites > 0 && `${pulse.failedWrites} writes failed while it was recorded.`
    ].filter(Boolean),
    file
  }
}

function list (before, values) {
  return values?.length > 0 ? `${before}${values.join(' ')}` : ''
}

function describeIsolate (isolate, leaks) {
  const leak = leaks.findLast((each) => each.threadId === isolate.threadId)
  const series = seriesOf(isolate, leak)
  const { channel, growthRate } = series
  const status = isolate.channels[channel]
  const perTime = growthRate === null ? undefined : channel === 'resources' ? `${(growthRate * 60).toFixed(1)} a minute` : rate(growthRate)
  return {
    title: `${isolate.threadId === 0 ? 'Main thread' : `Thread ${isolate.threadId}`}: ${stateOf(isolate)}${isolate.closed ? ', ended' : ''}`,
    subject: `${SUBJECT_OF[channel]}${perTime === undefined ? '' : `, ${perTime}`}` +
      `${status?.timeToLimitMs == null ? '' : `, ${duration(status.timeToLimitMs)} left to the ${status.limit} limit`}`,
    amount: channel === 'resources' ? (value) => String(Math.round(value)) : bytes,
    chart: layOut(series),
    points: series.points,
    limit: series.limit,
    changes: series.changes
  }
}

function text ({ title, facts, ending, isolates, leaks, remarks }, { options, terminal }) {
  const lines = [terminal.style('bold', plain(title)), ...facts.map(plain), terminal.style('bold', plain(ending))]
  for (const isolate of isolates) lines.push('', ...isolateLines(isolate, terminal))
  if (leaks.length > 0) lines.push('', terminal.style('bold', 'What was told'))
  for (const { time, message } of leaks) lines.push(`  ${plain(String(time))}  ${plain(String(message))}`)
  lines.push(...remarks)
  if (options.html !== undefined) lines.push('', `The page is in ${plain(options.html)}`)
  return `${lines.join('\n')}\n`
}

function markdown ({ title, facts, ending, isolates, leaks, remarks }) {
  return fit(leaks.length, (rows) => `${[
    `# ${inert(cut(title, 160))}`,
    '',
    `**${said(ending, 500)}**`,
    '',
    ...facts.map((fact) => `- ${inert(cut(fact, 500))}`),
    ...isolates.slice(0, MOST_THREADS).flatMap(threadInMarkdown),
    ...leftOut(isolates.length - MOST_THREADS, 'threads'),
    ...leaks.length === 0 ? [] : ['', '## What was reported', ''],
    ...leaks.slice(-rows).map(({ time, message }) => `- ${inert(cut(String(time), 30))}: ${said(message, 500)}`),
    ...leftOut(leaks.length - rows, 'earlier reports'),
    ...remarks.length === 0 ? [] : ['', ...remarks]
  ].join('\n')}\n`)
}

function threadInMarkdown ({ title, subject, amount, points, limit, changes }) {
  const every = Math.max(1, (points.length - 1) / (MOST_READINGS - 1))
  const shown = Array.from({ length: Math.min(MOST_READINGS, points.length) }, (_, at) => points[Math.round(at * every)])
  return [
    '',
    `## ${said(title, 100)}`,
    '',
    `${said(subject, 300)}${limit === null ? '' : `; limit ${amount(limit)}`}.`,
    '',
    ...table(['time', 'level'], shown.map(({ timeMs, value }) => [clock(timeMs), amount(value)])),
    ...changes.slice(-4).map(({ timeMs, state }) => `\n${clock(timeMs)}: ${said(state, 20)}`)
  ]
}

function isolateLines ({ title, subject, amount, chart, limit, changes }, terminal) {
  const lines = [terminal.style('bold', title), subject]
  if (chart === null) return [...lines, '  Too few readings for a chart.']
  const columns = Math.max(20, Math.min(MOST_COLUMNS, terminal.width) - MARGIN - 2)
  const drawn = drawText(chart, { columns, rows: ROWS })
  const scale = (row) => row === 0 ? amount(chart.top) : row === ROWS - 1 ? amount(0) : ''
  drawn.forEach((line, row) => lines.push(`${scale(row).padStart(MARGIN)} |${line}`))
  const [from, to] = [chart.fromMs, chart.toMs].map(clock)
  lines.push(`${' '.repeat(MARGIN)} +${'-'.repeat(columns)}`, `${' '.repeat(MARGIN + 2)}${from}${to.padStart(columns - from.length)}`)
  lines.push(`  • reading${chart.trend.length > 0 ? '   - trend' : ''}${chart.limit !== null ? `   = limit, ${amount(limit)}` : ''}` +
    `${chart.limit === null && limit !== null ? `   limit ${amount(limit)}, above the chart` : ''}`)
  for (const { timeMs, state } of changes.slice(-8)) lines.push(`  ${clock(timeMs)}  ${short(state, 20)}`)
  return lines
}

function clock (timeMs) {
  return new Date(timeMs).toISOString().slice(11, 19)
}

module.exports = { run }
