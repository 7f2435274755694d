'use strict'

const { bytes, grouped, percent } = require('../format')
const { cut, inert } = require('../markdown')
const { plain } = require('../plain')
const { redactSentence } = require('../report/redact')

/** @param {number} value @returns {string} '+34 MB' */
function change (value) {
  return `${value > 0 ? '+' : ''}${bytes(value)}`
}

/** @param {import('../..').Location | null} place @returns {string} 'app.js:12' or '' */
function location (place) {
  if (!place?.file) return ''
  return plain(place.line ? `${place.file}:${place.line}` : place.file)
}

/** A text that is cut at `most` characters. */
function short (text, most) {
  const shown = plain(text)
  return shown.length > most ? `${shown.slice(0, most - 1)}…` : shown
}

/** A sentence of tidemark's about an app, for a line of Markdown. */
function said (text, longest) {
  return inert(cut(redactSentence(String(text)), longest))
}

/** A path as a shell takes it. */
function quoted (file) {
  return /^[\w./\\:@+-]+$/.test(file) ? file : `'${plain(file).replace(/'/g, "'\\''")}'`
}

/**
 * Lines of a table: the last column to the left, numbers before it to the right.
 * @param {string[]} head
 * @param {string[][]} rows
 */
function table (head, rows) {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at].length)))
  const line = (row) => row.map((cell, at) => at === row.length - 1 ? cell : cell.padStart(widths[at])).join('  ')
  return [head, ...rows].map(line)
}

module.exports = { bytes, change, count: grouped, percent, location, quoted, said, short, table }
