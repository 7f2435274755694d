'use strict'

const { testApp } = require('../../leak-test/server/app-process')
const { readServerOptions } = require('../../leak-test/server/options')
const { duration } = require('../../format')
const { code, cut, fit, inert, leftOut, table: mdTable } = require('../../markdown')
const { plain } = require('../../plain')
const { bytes, count, said, table } = require('../words')

/** What a script hears; the first two are those of an assertion. */
const EXIT = { clean: 0, leaks: 1, undecided: 2 }
const COLOURS = { clean: 'green', leaks: 'red', undecided: 'yellow' }

const HEAD = ['verdict', 'bytes/request', 'objects/request', 'outlive', 'requests', 'time', 'route']

async function run ({ files: [file, ...args], options: given, terminal, work }) {
  const { url: urls, requests, connections, budget, status: expectStatus, port, format } = given
  const options = readServerOptions({ urls, requests, connections, budget, expectStatus })
  const { signal } = work()
  const onProgress = ({ route, requests: done, of }) => terminal.progress(route, { phase: 'requesting', done, total: of })
  const { port: found, result } = await testApp({ file, args, port, options }, { signal, onProgress })
  const json = { file, port: found, ...result }
  return { json, text: format === 'md' ? markdown(json) : text(json, terminal), exitCode: EXIT[result.verdict] }
}

function rowOf ({ route, verdict, bytesPerCall, suspects, outlived, calls, elapsedMs }) {
  // What bytes move by without a leak is no growth; where snapshots counted objects, those are what stays.
  const bytesOf = suspects.length > 0 ? suspects.reduce((sum, suspect) => sum + suspect.bytesPerCall, 0) : bytesPerCall
  const objects = suspects.reduce((sum, { objectsPerCall }) => sum + objectsPerCall, 0)
  return [
    verdict,
    verdict !== 'leaks' || bytesOf === null ? '-' : bytes(Math.round(bytesOf)),
    objects > 0 ? String(Number(objects.toFixed(2))) : '-',
    `${outlived.alive} of ${outlived.looked}`,
    count(calls),
    duration(elapsedMs),
    plain(route)
  ]
}

function text ({ file, port, verdict, message, routes }, terminal) {
  const [head, ...body] = table(HEAD, routes.map(rowOf))
  const [sentence, ...details] = message.split('\n')
  return `${[
    terminal.style(COLOURS[verdict], `${plain(file)} on port ${port} ${plain(sentence)}`),
    '',
    terminal.style('bold', head),
    ...body,
    ...details.length === 0 ? [] : ['', ...details.map(plain)]
  ].join('\n')}\n`
}

function markdown ({ file, port, message, routes }) {
  const [sentence, ...details] = message.split('\n')
  return fit(routes.length, (rows) => `${[
    `# ${code(plain(file).slice(-100))} on port ${port} ${inert(cut(sentence, 100))}`,
    '',
    ...mdTable(HEAD, routes.slice(0, rows).map((route) => rowOf(route).map((cell, at) => at === HEAD.length - 1 ? code(cell.slice(0, 80)) : cell))),
    ...leftOut(routes.length - rows, 'routes'),
    ...details.length === 0 ? [] : ['', ...details.slice(0, 3 * rows).map((line) => `${line.startsWith(' ') ? '  ' : ''}- ${said(line.trim(), 400)}`)]
  ].join('\n')}\n`)
}

module.exports = { run }
