'use strict'

const { openAll } = require('../open')
const { pathLines } = require('../path-lines')
const { bytes, count, short } = require('../words')
const { plain } = require('../../plain')

/** Classes that are looked through for one that was meant. */
const MOST_CLASSES = 100000
const MOST_GUESSES = 5

async function run (context) {
  const { files: [file], options } = context
  const [snapshot] = await openAll(context)
  const wanted = options.node === undefined ? { class: options.class } : { id: options.node }
  try {
    const json = { file, ...await snapshot.path(wanted) }
    return { json, text: text(json, context) }
  } catch (error) {
    if (error.code === 'ERR_TIDEMARK_SNAPSHOT_NOT_FOUND' && wanted.class !== undefined) {
      error.message += await guesses(snapshot, wanted.class)
    }
    throw error
  }
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

async function guesses (snapshot, name) {
  const { classes } = await snapshot.summary({ rows: MOST_CLASSES })
  const near = classes.map((row) => row.class).filter((other) => other.toLowerCase().includes(name.toLowerCase()))
  if (near.length === 0) return ' \'tidemark summary\' lists the classes.'
  return ` There is ${near.slice(0, MOST_GUESSES).map((other) => `'${short(other, 80)}'`).join(', ')}.`
}

module.exports = { run }
