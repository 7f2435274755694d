'use strict'

const { openAll } = require('../open')
const { pathLines } = require('../path-lines')
const { bytes, count, location, said } = require('../words')
const { code, cut, fit, harmless, shownFile, shownName } = require('../../markdown')
const { plain } = require('../../plain')

/** A number of digits that an index has, and an id seldom. */
const INDEX = /^\d{1,5}$/

/** Steps at the root that are always shown in Markdown; those next to the object say most. */
const NEXT_TO_ROOT = 3

async function run (context) {
  const { files: [file], options } = context
  const [snapshot] = await openAll(context)
  const wanted = options.node === undefined ? { class: options.class } : { id: options.node }
  const json = { file, ...await snapshot.path(wanted) }
  return { json, text: options.format === 'md' ? markdown(json) : text(json, context) }
}

function markdown ({ file, class: type, description, id, retainedSize, selfSize, ofClass, path }) {
  const steps = pathLines(path, shownStep, shownPlace).map((line, at) => `${at + 1}. ${code(cut(line, 300))}`)
  return fit(steps.length, (rows) => {
    const first = Math.min(NEXT_TO_ROOT, rows)
    const left = steps.length - rows
    return `${[
      `# Why node ${id} lives`,
      '',
      `${said(harmless(description, path, [type]), 300)} in ${code(plain(file).slice(-100))} retains ${bytes(retainedSize)}, ` +
        `${bytes(selfSize)} of them itself${ofClass > 1 ? `, the largest of ${count(ofClass)}` : ''}.`,
      '',
      ...steps.length === 0 ? ['Nothing but weak references leads to it: the next full GC frees it.'] : ['From the root to the object, each held by the one before it:', ''],
      ...steps.slice(0, left > 0 ? first : rows),
      ...left > 0 ? ['', `${left} steps left out.`, '', ...steps.slice(first + left)] : []
    ].join('\n')}\n`
  })
}

function shownStep (name, most) {
  return INDEX.test(name) ? name : shownName(name, most)
}

function shownPlace (place) {
  return place?.file ? location({ ...place, file: shownFile(place.file) }) : ''
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
