'use strict'

const { setTimeout: wait } = require('node:timers/promises')
const { duration, rate } = require('../../format')
const { rowsOf, sortRows } = require('../../flight/recording')
const { folderOf, readAll } = require('../recordings')
const { code, fit, leftOut, name, table: mdTable } = require('../../markdown')
const { plain } = require('../../plain')
const { bytes, said, short, table } = require('../words')

const WATCH_MS = 1000
/** Of processes that are gone, without --all. */
const MOST_GONE = 10

const HEAD = ['PID', 'THREAD', 'STATE', 'HEAP', 'RSS', 'LIMIT', 'GROWTH', 'LEFT', 'NAME  SUSPECT']

/** What became of a process, in a word or three. */
const ENDINGS = { exit: 'left', stopped: 'stopped', 'oom-kill': 'OOM kill', 'heap-limit': 'heap full', killed: 'killed' }

/** Colours tell what a glance should see first. */
const STYLE_OF = { critical: 'red', leaking: 'red', suspect: 'yellow' }

async function run (context) {
  const { files, options, terminal, work } = context
  const directory = folderOf('ps', files)
  const { signal } = work(directory)
  if (!options.watch) return look(context, directory)
  for (;;) {
    const { text } = look(context, directory)
    terminal.print(`\u001b[2J\u001b[H${text}`)
    await wait(WATCH_MS, undefined, { signal })
  }
}

function look ({ binding, options, terminal }, directory) {
  const found = readAll(binding, directory)
  const rows = sortRows(found.filter(({ problem }) => problem === undefined).flatMap(rowsOf))
  const unreadable = found.filter(({ problem }) => problem !== undefined).map(({ file, problem }) => ({ file, problem }))
  return { json: { directory, processes: rows, unreadable }, text: options.format === 'md' ? markdown(rows, unreadable, directory) : text(rows, unreadable, { options, terminal, directory }) }
}

function text (rows, unreadable, { options, terminal, directory }) {
  const gone = rows.filter(({ alive }) => !alive)
  const shown = options.all ? rows : [...rows.filter(({ alive }) => alive), ...gone.slice(0, MOST_GONE)]
  if (shown.length === 0 && unreadable.length === 0) return `No process has recorded itself in '${directory}'.\n`
  const [head, ...lines] = table(HEAD, shown.map(cells))
  const out = [terminal.style('bold', head), ...lines.map((line, at) => styled(terminal, shown[at], cut(line, terminal.width)))]
  if (gone.length > MOST_GONE && !options.all) out.push(`${gone.length - MOST_GONE} more that are gone: --all`)
  for (const { file, problem } of unreadable) out.push(`${short(file, 200)}: ${short(problem, 200)}`)
  return `${out.join('\n')}\n`
}

function markdown (all, unreadable, directory) {
  return fit(all.length, (rows) => `${[
    `# Processes that record themselves in ${code(plain(directory).slice(-100))}`,
    '',
    ...all.length === 0 ? ['None.'] : mdTable([...HEAD.slice(0, -1).map((each) => each.toLowerCase()), 'name', 'first suspect'], all.slice(0, rows).map((row) => [
      ...cells(row).slice(0, -1), name(row.name ?? '-', 40), row.suspect === null ? '' : said(row.suspect, 200)
    ])),
    ...leftOut(all.length - rows, 'processes'),
    ...unreadable.length === 0 ? [] : ['', `${unreadable.length} files could not be read.`]
  ].join('\n')}\n`)
}

function cells ({ pid, threadId, name, state, heap, rss, limit, channel, growthRate, timeToLimitMs, suspect, alive, ending }) {
  const known = (value, show) => value === null ? '-' : show(value)
  const perTime = (value) => channel === 'resources' ? `${(value * 60).toFixed(1)}/min` : rate(value)
  return [
    known(pid, String),
    String(threadId),
    alive ? state : `${ENDINGS[ending]} (${state})`,
    known(heap, bytes),
    known(rss, bytes),
    known(limit, bytes),
    known(growthRate, perTime),
    known(timeToLimitMs, duration),
    `${short(name ?? '-', 40)}${suspect === null ? '' : `  ${short(suspect, 120)}`}`
  ]
}

function styled (terminal, { alive, state }, line) {
  if (!alive) return terminal.style('dim', line)
  return Object.hasOwn(STYLE_OF, state) ? terminal.style(STYLE_OF[state], line) : line
}

function cut (line, width) {
  return line.length > width ? `${line.slice(0, width - 1)}…` : line
}

module.exports = { run }
