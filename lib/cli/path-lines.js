'use strict'

const { bytes, location, short } = require('./words')

/**
 * A retainer path, one line a step.
 * @param {import('../..').SnapshotStep[]} path from the root
 * @returns {string[]}
 */
function pathLines (path) {
  return path.map((step, at) => {
    const place = location(step.location)
    const what = `${short(stepName(step, at), 60)} @${step.id}`
    const size = step.retainedSize > 0 ? `  ${bytes(step.retainedSize)}` : ''
    const name = at === 0 ? '' : `${edge(step.edge)} `
    return `${name}${what}${size}${place && at > 0 ? `  ${place}` : ''}`
  })
}

/** @param {{name?: string | null, class: string}} step @param {number} at its place in the path */
function stepName ({ name, class: className }, at) {
  return at === 0 ? 'root' : name ?? className
}

/** How one step holds the next. */
function edge (held) {
  if (!held) return '…'
  const name = short(held.name, 60)
  switch (held.type) {
    case 'property': return `.${name} →`
    case 'element': return `[${name}] →`
    case 'context': return `variable ${name} →`
    case 'shortcut': return `root ${name} →`
    default: return `(${name}) →`
  }
}

module.exports = { pathLines, stepName }
