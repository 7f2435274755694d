'use strict'

const { HIDDEN, named } = require('./names')
const { plain } = require('./plain')

// Names from a heap can be anything: in Markdown they are text between backquotes, never markup, a link or a line of
// their own.

/** Of everything that is written as Markdown: what a person reads at once, and what an agent can be given. */
const MOST_BYTES = 5000

function cut (text, longest) {
  return text.length > longest ? `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…` : text
}

/** What Markdown, HTML in it, and what makes links of bare addresses would obey. */
const OBEYED = /[\\`*_{}[\]<>#|~&!]|:(?=\/\/)|(?<=\bwww)\.|@/gi
/** A name that tidemark has put between backquotes. */
const NAME = /`([\w$#.…[\]():='/ -]{1,80})`/g

/** @param {string} text with names of the app. @returns {string} that is only seen, within a line */
function inert (text) {
  let end = 0
  let shown = ''
  const line = plain(text)
  for (const { index, 0: all, 1: name } of line.matchAll(NAME)) {
    shown += escaped(line.slice(end, index)) + code(name)
    end = index + all.length
  }
  return shown + escaped(line.slice(end))
}

function escaped (text) {
  return text.replaceAll(HIDDEN, '(…)').replace(OBEYED, (character) => `&#${character.charCodeAt(0)};`)
}

/** In a table too, where a bar would end the cell. */
function code (text) {
  const shown = plain(text).replace(/[`|\\]/g, '·')
  return `\`${shown}\``
}

/** Three words in a row are a sentence of somebody, and no name. */
const SENTENCE = /\p{L}[\p{L}\p{N}_'’-]*(?:\s+\p{L}[\p{L}\p{N}_'’-]*){2,}/gu
/** What is in no name that V8 or the analyser writes: `{id, name}`, `system / Context`, `<symbol kHandle>`, `kept[…]`, `std::map`. */
const NO_NAME = /[^\w$#.,<>{}()/ …[\]:-]|(?<!:):(?!:)/
/** As V8 calls what holds the entry of a WeakMap: a sentence with two classes in it. */
const WEAK_ENTRY = /^part of key .*/s

/** What is shown of a name from a heap or a recording, which may be a text of anybody. */
function shownName (text, longest = 60) {
  const shown = named(text.replace(WEAK_ENTRY, 'WeakMap entry')).replace(SENTENCE, HIDDEN)
  return NO_NAME.test(shown) ? HIDDEN : cut(shown, longest) || '(none)'
}

/** In a sentence about a heap, the way to an object: from the first backquote to the last, since a name may have some. */
const PLACE = /`.*`/s

/**
 * What the analyser says of an object, without the way to it where texts of anybody are a part of that.
 * @param {string} text
 * @param {{edge: {type: string, name: string} | null}[]} path from the root
 */
function harmless (text, path) {
  const isNamed = ({ edge }) => !['property', 'context'].includes(edge?.type) || shownName(edge.name, Infinity) === edge.name
  return path.every(isNamed) ? text : text.replace(PLACE, `\`${HIDDEN}\``)
}

/** As `shownName`, for a line of Markdown. */
function name (text, longest) {
  return code(shownName(String(text), longest))
}

/** No run of backquotes in it ends the block. */
function fenced (text) {
  const runs = text.match(/`+/g) ?? []
  const fence = '`'.repeat(Math.max(3, ...runs.map(({ length }) => length + 1)))
  return `${fence}sh\n${text.split('\n').map(plain).join('\n')}\n${fence}`
}

/**
 * A table; its cells are Markdown.
 * @param {string[]} head
 * @param {string[][]} rows
 * @returns {string[]} lines
 */
function table (head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
}

/** @returns {string[]} a line, where something was left out */
function leftOut (number, what) {
  return number > 0 ? ['', `${number} more ${what} left out.`] : []
}

/**
 * The most rows that fit.
 * @param {number} most
 * @param {(rows: number) => string} render says what it leaves out
 * @returns {string} of at most 5 kB where that is possible with one row
 */
function fit (most, render) {
  let rows = most
  let text = render(rows)
  while (Buffer.byteLength(text) > MOST_BYTES && rows > 1) {
    rows = Math.max(1, Math.min(rows - 1, Math.floor(rows * 0.9)))
    text = render(rows)
  }
  return text
}

module.exports = { MOST_BYTES, code, cut, fenced, fit, harmless, inert, leftOut, name, shownName, table }
