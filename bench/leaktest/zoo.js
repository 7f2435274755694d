'use strict'

const fs = require('node:fs')
const path = require('node:path')

/** @returns {Map<string, object>} the pairs of a set by name, each with its `file` */
function loadPairs (set) {
  const pairs = new Map()
  for (const folder of set === 'all' ? ['pairs', 'heldout'] : [set]) {
    for (const base of fs.readdirSync(path.join(__dirname, folder)).sort()) {
      const file = path.join(__dirname, folder, base)
      for (const [name, pair] of Object.entries(require(file))) {
        if (pairs.has(name)) throw new Error(`Two pairs are called '${name}'`)
        if (pair.culprit.test(file)) throw new Error(`The culprit of '${name}' is found in the name of its file, so every message would be right`)
        pairs.set(name, { ...pair, file, set: folder })
      }
    }
  }
  return pairs
}

/**
 * Those that hold on a Node.js, as [name, pair]: `since` and `until` are its first and last major version.
 * @param {string} version as in process.version
 * @param {string} set 'pairs', 'heldout' or 'all'
 * @param {string} [only] names, separated by commas
 */
function pairsFor (version, set, only) {
  const major = Number(/\d+/.exec(version)[0])
  const pairs = [...loadPairs(set)].filter(([, { since = 0, until = Infinity }]) => since <= major && major <= until)
  if (only === undefined) return pairs
  const names = only.split(',')
  const found = pairs.filter(([name]) => names.includes(name))
  if (found.length === 0) throw new Error(`No pair '${only}'. There are: ${pairs.map(([name]) => name).join(', ')}`)
  return found
}

module.exports = { loadPairs, pairsFor }
