'use strict'

const { bytes } = require('../format')
const { plain } = require('../plain')

/** @param {number} value. @returns {string} '+34 MB' */
function change (value) {
  return `${value > 0 ? '+' : ''}${bytes(value)}`
}

/** @param {number} value. @returns {string} '10,214' */
function count (value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** @param {number} share 0 to 1 */
function percent (share) {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`
}

/** @param {{function?: string, file?: string, line?: number, column?: number} | null} place. @returns {string} 'app.js:12' or '' */
function location (place) {
  if (!place?.file) return ''
  return plain(place.line ? `${place.file}:${place.line}` : place.file)
}

/** A text that is cut at `most` characters. */
function short (text, most) {
  const shown = plain(text)
  return shown.length > most ? `${shown.slice(0, most - 1)}…` : shown
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

module.exports = { bytes, change, count, percent, location, quoted, short, table }
