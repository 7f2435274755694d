'use strict'

const { median } = require('../statistics')

/**
 * One row of the table: what a tool or a helper in a runner made of the pairs.
 * @param {object[]} results
 * @param {Map<string, object>} pairs
 */
function score (results, pairs) {
  const leaky = results.filter(({ side }) => side === 'leaky')
  const clean = results.filter(({ side }) => side === 'clean')
  const count = (some, outcome) => some.filter((result) => result.outcome === outcome).length
  const told = leaky.filter(({ outcome }) => outcome === 'leaks')
  return {
    clean: clean.length,
    'false alarms': count(clean, 'leaks'),
    'clean undecided': count(clean, 'undecided'),
    leaky: leaky.length,
    missed: count(leaky, 'clean'),
    'leaky undecided': count(leaky, 'undecided'),
    failed: count(results, 'failed'),
    'culprit named': told.length > 0 ? `${(100 * told.filter((result) => named(result, pairs)).length / told.length).toFixed(0)} %` : '-',
    ...seconds('clean', clean),
    ...seconds('leaky', leaky)
  }
}

function seconds (side, results) {
  const all = results.filter(({ outcome }) => outcome !== 'failed').map(({ ms }) => ms / 1000)
  return {
    [`${side} s`]: all.length > 0 ? median(all).toFixed(2) : '-',
    [`${side} worst s`]: all.length > 0 ? Math.max(...all).toFixed(2) : '-'
  }
}

function named ({ name, message }, pairs) {
  return pairs.get(name).culprit.test(message)
}

/** What went wrong, a line for each function and kind of mistake, with how often. */
function mistakes (results, pairs) {
  const lines = new Map()
  for (const result of results) {
    const mistake = mistakeOf(result, pairs)
    if (mistake === undefined) continue
    const key = `${result.name} ${result.side}: ${mistake}`
    const line = lines.get(key) ?? { key, times: 0, example: result.message.replace(/\s*\n\s*/g, ' | ').slice(0, 300) }
    line.times++
    lines.set(key, line)
  }
  return [...lines.values()].map(({ key, times, example }) => `${key}${times > 1 ? ` (${times} times)` : ''}${example === '' ? '' : `: ${example}`}`)
}

function mistakeOf (result, pairs) {
  const { side, outcome } = result
  if (outcome === 'failed' || outcome === 'undecided') return outcome
  if (side === 'clean') return outcome === 'leaks' ? 'FALSE ALARM' : undefined
  if (outcome === 'clean') return 'MISSED'
  return named(result, pairs) ? undefined : 'culprit not named'
}

module.exports = { score, mistakes }
