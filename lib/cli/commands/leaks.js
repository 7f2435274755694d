'use strict'

const { folderOf, readAll } = require('../recordings')
const { said, short } = require('../words')
const { code, cut, fit, inert, leftOut, shownFile } = require('../../markdown')
const { plain } = require('../../plain')

const MOST_SUSPECTS = 3

async function run ({ binding, files, options, terminal }) {
  const directory = folderOf('leaks', files)
  const found = readAll(binding, directory)
  const leaks = found.filter(({ problem }) => problem === undefined).flatMap(leaksOf)
    .filter(({ pid }) => options.pid === undefined || pid === options.pid)
    .sort((one, other) => Date.parse(other.time) - Date.parse(one.time))
  const unreadable = found.filter(({ problem }) => problem !== undefined).map(({ file, problem }) => ({ file, problem }))
  const json = { directory, leaks, unreadable }
  return { json, text: options.format === 'md' ? markdown(json) : text(json, terminal) }
}

/** What was reported of one leak several times, as it got worse or more was found, is one. */
function leaksOf ({ identity, isolates, leaks, alive, file }) {
  const known = new Map()
  for (const record of leaks) {
    const { time, threadId = 0, channel = null, signature = null, suspects = [], message = '' } = record
    const key = `${threadId} ${signature}`
    const earlier = known.get(key)
    known.delete(key)
    known.set(key, {
      pid: identity?.pid ?? null,
      threadId,
      name: identity?.name ?? null,
      alive,
      since: earlier?.since ?? time,
      time,
      reports: (earlier?.reports ?? 0) + 1,
      channel: channel ?? earlier?.channel,
      state: isolates.find((isolate) => isolate.threadId === threadId)?.channels[channel]?.state ?? null,
      signature,
      message,
      suspects: suspects.length > 0 ? suspects : earlier?.suspects ?? [],
      file
    })
  }
  return [...known.values()]
}

function headOf ({ pid, threadId, name: app, alive, time, state }, show) {
  return `${time}  process ${pid}${threadId === 0 ? '' : `, thread ${threadId}`}${app === null ? '' : `, ${show(app)}`}: ` +
    `${alive ? state ?? 'not watched any more' : `gone, was ${state ?? 'not watched any more'}`}`
}

function text ({ directory, leaks, unreadable }, terminal) {
  const lines = leaks.flatMap((leak) => [
    terminal.style('bold', plain(headOf(leak, (app) => short(app, 40)))),
    `  ${plain(leak.message)}`,
    ...leak.suspects.slice(0, MOST_SUSPECTS).map(({ description }, at) => `  ${at + 1}. ${short(String(description), 300)}`)
  ])
  if (leaks.length === 0) lines.push(`No leak was recorded in '${plain(directory)}'.`)
  for (const { file, problem } of unreadable) lines.push(`${short(file, 200)}: ${short(problem, 200)}`)
  return `${lines.join('\n')}\n`
}

function markdown ({ directory, leaks, unreadable }) {
  return fit(leaks.length, (rows) => `${[
    `# Leaks that were recorded in ${code(plain(directory).slice(-100))}`,
    '',
    ...leaks.length === 0 ? ['None.'] : leaks.slice(0, rows).flatMap((leak) => [
      `## ${inert(cut(headOf(leak, String), 160))}`,
      '',
      said(leak.message, 700),
      '',
      `- signature: ${said(leak.signature ?? '-', 160)}; reported ${leak.reports === 1 ? 'once' : `${leak.reports} times since ${inert(cut(String(leak.since), 30))}`}`,
      ...leak.suspects.slice(0, MOST_SUSPECTS).map(({ description, location }, at) => `- suspect ${at + 1}: ${said(description, 300)}${placeOf(location)}`),
      ''
    ]),
    ...leftOut(leaks.length - rows, 'leaks'),
    ...unreadable.length === 0 ? [] : ['', `${unreadable.length} files could not be read.`]
  ].join('\n').trimEnd()}\n`)
}

function placeOf (location) {
  return location?.file ? ` at ${code(`${shownFile(location.file)}${location.line ? `:${location.line}` : ''}`)}` : ''
}

module.exports = { run }
