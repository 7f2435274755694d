'use strict'

const path = require('node:path')
const { bytes, percent } = require('../format')

/** The kinds of evidence that say who holds what grows, the one that says most first. */
const HOLDERS = ['retainer', 'container', 'listeners']

/** @typedef {import('../..').LeakSuspect} LeakSuspect */

/**
 * What a person is shown of a suspect: its sentence, where, who holds it, how sure. Of one that was recorded less is known.
 * @param {Pick<LeakSuspect, 'kind' | 'description'> & Partial<Omit<LeakSuspect, 'confidence'>> & {confidence?: number | null}} suspect
 * @returns {{description: string, holder: string, place: string, facts: string, evidence: string[]}}
 */
function suspectOf ({ kind, description, location = null, share = null, growth = null, bytes: held = null, confidence = null, evidence = [] }) {
  const facts = [
    share === null ? '' : `explains ${percent(Math.min(1, share))} of the growth`,
    growth === null ? '' : `gained ${bytes(growth)}`,
    held === null ? '' : `holds ${bytes(held)}`,
    confidence === null ? '' : `confidence ${percent(confidence)}`
  ]
  const holder = HOLDERS.filter((each) => each !== kind).map((each) => evidence.find((seen) => seen.kind === each)).find((seen) => seen !== undefined)?.description ?? ''
  return {
    description,
    holder,
    place: location === null ? '' : `${relative(location.file)}:${location.line}${location.function == null ? '' : ` in ${location.function}`}`,
    facts: facts.filter((fact) => fact !== '').join(' · '),
    evidence: evidence.map((each) => each.description).filter((each) => each !== description && each !== holder)
  }
}

function relative (file) {
  const shown = path.relative('.', file)
  return shown.startsWith('..') ? file : shown
}

module.exports = { suspectOf }
