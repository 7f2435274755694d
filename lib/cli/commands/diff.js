'use strict'

const { openAll } = require('../open')
const { bytes, change, count, short, table } = require('../words')
const { code, fit, leftOut, name, table: mdTable } = require('../../markdown')
const { plain } = require('../../plain')

const ROWS = 20

const MATCHED = {
  ids: 'Both are of one process: objects are matched by their ids.',
  structure: 'The two share no object ids (two processes, or captures by fork): matched by class and by what holds it.'
}

async function run (context) {
  const { files: [before, after], options } = context
  const [earlier, later] = await openAll(context)
  const json = { files: { before, after }, ...await later.diff(earlier, { rows: options.rows ?? ROWS }) }
  return { json, text: options.format === 'md' ? markdown(json) : text(json, context) }
}

function markdown ({ files, before, after, matching, rows: all }) {
  return fit(all.length, (rows) => `${[
    '# What became more',
    '',
    `- before: ${code(plain(files.before).slice(-100))}, ${bytes(before.totalSize)} in ${count(before.nodes)} objects`,
    `- after: ${code(plain(files.after).slice(-100))}, ${bytes(after.totalSize)} in ${count(after.nodes)} objects, ${change(after.totalSize - before.totalSize)}`,
    '',
    MATCHED[matching],
    '',
    ...all.length === 0 ? ['Nothing changed.'] : mdTable(['growth', 'new', 'gone', 'now', 'class', 'held in'], all.slice(0, rows).map((row) => [
      change(row.growth), count(row.added), count(row.removed), count(row.countAfter), name(row.class, 80), row.held ? name(row.held, 80) : ''
    ])),
    ...leftOut(all.length - rows, 'classes')
  ].join('\n')}\n`)
}

function text ({ files, before, after, matching, rows }, { terminal }) {
  const lines = [
    `${plain(files.before)}: ${bytes(before.totalSize)} in ${count(before.nodes)} objects`,
    `${plain(files.after)}: ${bytes(after.totalSize)} in ${count(after.nodes)} objects, ${change(after.totalSize - before.totalSize)}`,
    MATCHED[matching],
    ''
  ]
  if (rows.length === 0) return `${[...lines, 'Nothing changed.'].join('\n')}\n`
  const [head, ...body] = table(['growth', 'new', 'gone', 'now', 'class'], rows.map((row) => [
    change(row.growth), count(row.added), count(row.removed), count(row.countAfter),
    short(row.held ? `${row.class}  in ${row.held}` : row.class, 110)
  ]))
  lines.push(terminal.style('bold', head), ...body)
  return `${lines.join('\n')}\n`
}

module.exports = { run }
