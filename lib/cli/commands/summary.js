'use strict'

const { openAll } = require('../open')
const { checkTarget } = require('../report/target')
const { bytes, count, short, table } = require('../words')
const { code, fit, leftOut, name, table: mdTable } = require('../../markdown')
const { isName } = require('../../names')
const { plain } = require('../../plain')

const ROWS = 20
/** Of strings and of contexts in Markdown, beside as many classes as fit. */
const MOST_BESIDE = 5

async function run (context) {
  const { files: [file], options } = context
  if (options.html !== undefined) await checkTarget(options.html, [file])
  const [snapshot] = await openAll(context)
  const json = { file, ...await snapshot.summary({ rows: options.rows ?? ROWS }) }
  if (options.html !== undefined) {
    await require('../report').writeReport(options.html, snapshot, { file, suspects: await snapshot.suspects() })
  }
  return { json, text: options.format === 'md' ? markdown(json) : text(json, context) }
}

function markdown ({ file, totalSize, nodes, classes, duplicateStrings, detachedContexts, ...sizes }) {
  return fit(classes.length, (rows) => `${[
    `# What is in ${code(plain(file).slice(-100))}`,
    '',
    `${bytes(totalSize)} in ${count(nodes)} objects: ${kindsOf(sizes)}.`,
    '',
    ...mdTable(['objects', 'own', 'retained', 'class'], classes.slice(0, rows).map((row) =>
      [count(row.count), bytes(row.selfSize), bytes(row.retainedSize), name(row.class, 80)])),
    ...leftOut(classes.length - rows, 'classes'),
    ...stringsInMarkdown(duplicateStrings),
    ...detachedContexts.length === 0 ? [] : ['', '## Detached, and still held', ''],
    ...detachedContexts.slice(0, MOST_BESIDE).map((each) => `- ${name(each.name)} node ${each.id}, ${bytes(each.retainedSize)}`),
    '',
    'Not seen: what native addons hold, and what grows: for that compare two snapshots.'
  ].join('\n')}\n`)
}

/** A string may be what somebody typed: it is shown where it is a name. */
function stringsInMarkdown (strings) {
  if (strings.length === 0) return []
  const hidden = strings.filter(({ text }) => !isName(text))
  const wasted = hidden.reduce((sum, each) => sum + each.wasted, 0)
  return [
    '',
    '## Strings that are there more than once',
    '',
    ...strings.filter(({ text }) => isName(text)).slice(0, MOST_BESIDE).map((each) => `- ${count(each.count)} of ${name(each.text)} waste ${bytes(each.wasted)}`),
    ...hidden.length === 0 ? [] : [`- ${count(hidden.length)} texts that are not shown waste ${bytes(wasted)}`]
  ]
}

/** @param {Record<string, number>} sizes */
function kindsOf ({ nativeSize, codeSize, stringsSize, arrayBuffersSize, systemSize }) {
  /** @type {[kind: string, size: number][]} */
  const kinds = [['native', nativeSize], ['code', codeSize], ['strings', stringsSize], ['array buffers', arrayBuffersSize], ['V8 itself', systemSize]]
  return kinds.map(([kind, size]) => `${kind} ${bytes(size)}`).join(' · ')
}

function text (json, { options, terminal }) {
  const [head, ...rows] = table(['objects', 'own', 'retained', 'class'], json.classes.map((row) =>
    [count(row.count), bytes(row.selfSize), bytes(row.retainedSize), short(row.class, 80)]))
  const lines = [
    `${plain(json.file)}: ${bytes(json.totalSize)} in ${count(json.nodes)} objects`,
    kindsOf(json),
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
