'use strict'

const { bytes, location, short } = require('./words')

/**
 * A retainer path, one line a step.
 * @param {import('../..').SnapshotStep[]} path from the root
 * @param {(name: string, most: number) => string} [show] what is shown of a name
 * @param {typeof location} [locate] and of a place in the code
 * @returns {string[]}
 */
function pathLines (path, show = short, locate = location) {
  return path.map((step, at) => {
    const place = locate(step.location)
    const what = `${show(stepName(step, at), 60)} @${step.id}`
    const size = step.retainedSize > 0 ? `  ${bytes(step.retainedSize)}` : ''
    const name = at === 0 ? '' : `${edge(step.edge, show)} `
    return `${name}${what}${size}${place && at > 0 ? `  ${place}` : ''}`
  })
}

/** @param {{name?: string | null, class: string}} step @param {number} at its place in the path */
function stepName ({ name, class: className }, at) {
  return at === 0 ? 'root' : name ?? className
}

/** How one step holds the next. */
function edge (held, show) {
  if (!held) return '…'
  const name = show(held.name, 60)
  switch (held.type) {
    case 'property': return `.${name} →`
    case 'element': return `[${name}] →`
    case 'context': return `variable ${name} →`
    case 'shortcut': return `root ${name} →`
    default: return `(${name}) →`
  }
}

module.exports = { pathLines, stepName }
