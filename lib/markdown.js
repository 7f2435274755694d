'use strict'

const { HIDDEN, named } = require('./names')
const { plain } = require('./plain')

// Names from a heap can be anything: in Markdown they are text between backquotes, never markup, a link or a line of
// their own.

/** Of everything that is written as Markdown: what a person reads at once, and what an agent can be given. */
const MOST_BYTES = 5000
/** The end of a path. */
const LONGEST_FILE = 120

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
/** As V8 calls what it holds by itself: '(Strong root list)'. */
const ROOTS = /^\([\w -]{1,30} (?:roots|list|handles|strings|scopes?|objects?|nodes|cache|table)\)$/
/** As V8 calls what holds the entry of a WeakMap: a sentence with two classes in it. */
const WEAK_ENTRY = /^part of key .*/s

/** What is shown of a name from a heap or a recording, which may be a text of anybody. */
function shownName (text, longest = 60) {
  if (ROOTS.test(text)) return text
  const shown = named(text.replace(WEAK_ENTRY, 'WeakMap entry')).replace(SENTENCE, HIDDEN)
  return NO_NAME.test(shown) ? HIDDEN : cut(shown, longest) || '(none)'
}

/** In a sentence about a heap, the way to an object: from the first backquote to the last, since a name may have some. */
const PLACE = /`.*`/s

/**
 * What the analyser says of an object, without names that are a text of anybody.
 * @param {string} text
 * @param {{class: string, name?: string | null, edge: {type: string, name: string} | null, location?: {file?: string | null} | null}[]} path from the root
 * @param {string[]} [names] that it has in it too
 */
function harmless (text, path, names = []) {
  const isPlace = ({ edge }) => !['property', 'context'].includes(edge?.type) || isPlain(edge.name)
  /** @param {typeof path[0]} step */
  const isNode = ({ class: type, name, location }) => [type, name].every((each) => !each || isPlain(each)) && isFile(location?.file)
  if (![...names, ...path.slice(1)].every((each) => typeof each === 'string' ? isPlain(each) : isNode(each))) return HIDDEN
  return path.every(isPlace) ? text : text.replace(PLACE, `\`${HIDDEN}\``)
}

/** By its last part: a sentence names no more of it. */
function isFile (file) {
  const name = file?.split(/[\\/]/).at(-1) ?? ''
  return !NO_FILE.test(name) && name.search(SENTENCE) < 0
}

function isPlain (text) {
  return ROOTS.test(text) || (!NO_NAME.test(text) && text.search(SENTENCE) < 0)
}

/** The path of a file is shown for the line that it leads to; it may have spaces in it, and no sentence. */
const NO_FILE = /[^\p{L}\p{N}_$#.,@+:()/\\ ~%…[\]-]/u

function shownFile (file) {
  const end = file.length > LONGEST_FILE ? `…${file.slice(-LONGEST_FILE)}` : file
  const shown = end.replace(SENTENCE, HIDDEN)
  return NO_FILE.test(shown) ? HIDDEN : shown
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

module.exports = { MOST_BYTES, code, cut, fenced, fit, harmless, inert, leftOut, name, shownFile, shownName, table }
