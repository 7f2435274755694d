'use strict'

const { readAssets } = require('../../html')
const { writePrivately } = require('../../private-file')
const { page } = require('./page')

/** A part of the picture is at least this share of the heap: one in... */
const FINEST = 1500
const MOST_ROWS = 40

/**
 * Writes the report about one snapshot: a single file that loads nothing.
 * @param {string} file readable by its owner alone: a heap holds what users typed
 * @param {InstanceType<typeof import('../../analysis').HeapSnapshot>} snapshot
 * @param {import('./page').Found} found
 */
async function writeReport (file, snapshot, found) {
  const summary = await snapshot.summary({ rows: MOST_ROWS })
  const parts = await snapshot.icicle(FINEST)
  const assets = readAssets(__dirname, { style: 'style.css', script: 'client.js' })
  await writePrivately(file, page({ found, summary, parts, assets }))
}

module.exports = { writeReport }
