'use strict'

const { bytes, grouped } = require('../../format')
const { EXTERNAL, HEAP, NATIVE, P99, REQUESTS, RSS } = require('./latest')
const { milliseconds } = require('./words')

/**
 * @typedef {{
 *   name: string, label: string, column: number, say: (value: number) => string, width: number,
 *   points?: boolean, scale?: string, isHidden?: boolean
 * }} Line
 *
 * What each chart draws. `isHidden` is the reader's choice.
 *
 * @type {Record<'memory' | 'requests', Line[]>}
 */
const lines = {
  memory: [
    { name: 'heap', label: 'Heap after full GC', column: HEAP, say: bytes, width: 2, points: true },
    { name: 'rss', label: 'RSS', column: RSS, say: bytes, width: 1.5 },
    { name: 'native', label: 'Native', column: NATIVE, say: bytes, width: 1.5 },
    { name: 'external', label: 'External', column: EXTERNAL, say: bytes, width: 1.5 }
  ],
  requests: [
    { name: 'requests', label: 'Requests a second', column: REQUESTS, say: (value) => value < 10 ? value.toFixed(1) : grouped(Math.round(value)), width: 1.5 },
    { name: 'p99', label: 'p99 latency', column: P99, say: milliseconds, width: 1.5, scale: 'ms' }
  ]
}

/** @returns {Line} of the memory chart */
function lineOf (channel) {
  return /** @type {Line} */ (lines.memory.find(({ name }) => name === channel))
}

module.exports = { lineOf, lines }
