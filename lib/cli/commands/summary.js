'use strict'

const { openAll } = require('../open')
const { checkTarget } = require('../report/target')
const { bytes, count, short, table } = require('../words')
const { plain } = require('../../plain')

const ROWS = 20

async function run (context) {
  const { files: [file], options } = context
  if (options.html !== undefined) await checkTarget(options.html, [file])
  const [snapshot] = await openAll(context)
  const json = { file, ...await snapshot.summary({ rows: options.rows ?? ROWS }) }
  if (options.html !== undefined) {
    await require('../report').writeReport(options.html, snapshot, { file, suspects: await snapshot.suspects() })
  }
  return { json, text: text(json, context) }
}

function text (json, { options, terminal }) {
  const kinds = [['native', json.nativeSize], ['code', json.codeSize], ['strings', json.stringsSize],
    ['array buffers', json.arrayBuffersSize], ['V8 itself', json.systemSize]]
  const [head, ...rows] = table(['objects', 'own', 'retained', 'class'], json.classes.map((row) =>
    [count(row.count), bytes(row.selfSize), bytes(row.retainedSize), short(row.class, 80)]))
  const lines = [
    `${plain(json.file)}: ${bytes(json.totalSize)} in ${count(json.nodes)} objects`,
    kinds.map(([name, size]) => `${name} ${bytes(size)}`).join(' · '),
    '',
    terminal.style('bold', head),
    ...rows
  ]
  if (json.duplicateStrings.length > 0) {
    lines.push('', terminal.style('bold', 'Strings that are there more than once'))
    for (const each of json.duplicateStrings) {
      lines.push(`  ${count(each.count)} × '${short(each.text, 60)}' waste ${bytes(each.wasted)}`)
    }
  }
  if (json.detachedContexts.length > 0) {
    lines.push('', terminal.style('bold', 'Detached, and still held'))
    for (const each of json.detachedContexts) lines.push(`  ${short(each.name, 60)} @${each.id}  ${bytes(each.retainedSize)}`)
  }
  if (options.html !== undefined) lines.push('', `The report is in ${plain(options.html)}`)
  return `${lines.join('\n')}\n`
}

module.exports = { run }
