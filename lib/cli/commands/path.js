'use strict'

const { openAll } = require('../open')
const { pathLines } = require('../path-lines')
const { bytes, count } = require('../words')
const { plain } = require('../../plain')

async function run (context) {
  const { files: [file], options } = context
  const [snapshot] = await openAll(context)
  const wanted = options.node === undefined ? { class: options.class } : { id: options.node }
  const json = { file, ...await snapshot.path(wanted) }
  return { json, text: text(json, context) }
}

function text (json, { terminal }) {
  const others = json.ofClass > 1 ? `, the largest of ${count(json.ofClass)}` : ''
  const lines = [
    terminal.style('bold', `${plain(json.description)} @${json.id}`),
    `retains ${bytes(json.retainedSize)}, ${bytes(json.selfSize)} of them itself${others}`,
    ''
  ]
  if (json.path.length === 0) {
    lines.push('Nothing but weak references leads to it: the next full GC frees it.')
  } else {
    lines.push('It lives because of:', ...pathLines(json.path).map((line) => `  ${line}`))
  }
  return `${lines.join('\n')}\n`
}

module.exports = { run }
