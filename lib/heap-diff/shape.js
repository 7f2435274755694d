'use strict'

/** @typedef {{nodes: number, size: number}} Stock */

/**
 * memwatch's result, from what the native side counted.
 * @param {{before: Stock, after: Stock, freed: number, allocated: number, rows: {what: string, size: number, allocated: number, freed: number}[]}} counted
 */
function heapDiffShape ({ before, after, freed, allocated, rows }) {
  return {
    before: { nodes: before.nodes, ...sizes(before.size) },
    after: { nodes: after.nodes, ...sizes(after.size) },
    change: {
      ...sizes(after.size - before.size),
      freed_nodes: freed,
      allocated_nodes: allocated,
      details: rows.map((row) => ({ what: row.what, ...sizes(row.size), '+': row.allocated, '-': row.freed }))
    }
  }
}

function sizes (bytes) {
  return { size_bytes: bytes, size: niceSize(bytes) }
}

/** @param {number} bytes @returns {string} as memwatch writes it: '1.78 mb', '12.5 kb', '-512 bytes' */
function niceSize (bytes) {
  const size = Math.abs(bytes)
  if (size > 1024 * 1024) return `${rounded(bytes / 1024 / 1024)} mb`
  if (size > 1024) return `${rounded(bytes / 1024)} kb`
  return `${bytes} bytes`
}

/** To two decimals, half away from zero. */
function rounded (value) {
  return Math.sign(value) * Math.round(Math.abs(value) * 100) / 100
}

module.exports = { heapDiffShape, niceSize }
