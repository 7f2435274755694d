'use strict'

const path = require('node:path')
const { isCredible } = require('../../confidence')
const { HIDDEN, isName, named } = require('../../names')
const { originOf } = require('../file-name')
const { isOwnFile } = require('../own-files')
const { mapLocation, sourceOf } = require('../source-maps')

/** @typedef {import('../suspect').Finding} Finding */

const MOST_FINDINGS = 5
/** The last steps of a path are those next to what grows. */
const MOST_STEPS = 8
const LONGEST_NAME = 60

/** Names of the program. Others are data (ids, addresses), and nobody's business. */
const IDENTIFIER = /^#?[A-Za-z_$][\w$]{0,39}$/

/** Says nothing of what is held. */
const PLAIN = new Set(['Object', 'Array', 'Function', '(string)', 'string', '(array)'])

/** Their location is the function that waits. */
const WAITS = new Set(['promises', 'suspended'])

/**
 * Of the suspects of two snapshots those that grew and that a person can find, as evidence.
 * @param {import('../../..').SnapshotSuspect[]} suspects as `HeapSnapshot.suspects(earlier)` tells them
 * @param {number} intervalMs between the two
 * @returns {Finding[]}
 */
function toFindings (suspects, intervalMs) {
  return suspects
    .filter((suspect) => isCredible(suspect) && suspect.growth !== null && suspect.growth > 0 && !isOwn(suspect.location))
    .filter(({ holder, location }) => location !== null || holder.includes('`'))
    .slice(0, MOST_FINDINGS)
    .map((suspect) => finding(/** @type {Grown} */ (suspect), intervalMs))
}

/** @typedef {import('../../..').SnapshotSuspect & {growth: number, countGrowth: number}} Grown */

/** @param {Grown} suspect @param {number} intervalMs @returns {Finding} */
function finding ({ kind, description: text, holder, class: held, count, bytes, growth, countGrowth, confidence, path: steps, location }, intervalMs) {
  const name = withoutData(holder, steps)
  const file = location?.file ?? null
  const key = keyOf(name, file)
  const place = placeOf(location)
  const description = inSource(text.replace(holder, () => name), file)
  const waits = place !== null && WAITS.has(kind) ? [`function:${place.file}:${place.line}:${place.column}`] : []
  return {
    kind: 'retainer',
    key,
    description,
    bytes,
    growth,
    intervalMs,
    confidence,
    weight: 0.95,
    location: place,
    links: [`holder:${key}`, ...waits, ...new Set([file, place?.file].filter((each) => typeof each === 'string').map((each) => `file:${each}`)), ...PLAIN.has(held) ? [] : [`type:${held}`]],
    evidence: [{
      kind: 'path',
      description: `it lives because of ${pathInWords(steps)}`,
      holder: inSource(name, file),
      holderKind: kind,
      class: held,
      count,
      countGrowth,
      bytes,
      growth,
      intervalMs: Math.round(intervalMs)
    }]
  }
}

/** As the census calls the same container: 'app.js:requests'. */
function keyOf (holder, file) {
  const label = /`(.+)`/.exec(holder)?.[1]
  if (label === undefined || file === null) return holder
  return `${originOf(file)}:${label}`
}

/** 'Map `byUser.[…]` (context of app.js)': what is in backquotes names properties one by one. */
function withoutData (holder, steps) {
  const keys = steps.filter(({ edge }) => edge?.type === 'property' && edge.name !== '' && !isShown(edge.name)).map(({ edge }) => edge.name)
  return keys.reduce((text, key) => text.replaceAll(key, '[…]'), holder).replace(/`(.+)`/, (_, label) => `\`${label.replace(/\[\d+\]/g, '[…]').split('.').map(identifier).join('.')}\``)
}

function identifier (name) {
  return name.split(/(?=\[…\])/).every(isShown) ? name : HIDDEN
}

function isShown (name) {
  return name === HIDDEN || (IDENTIFIER.test(name) && isName(name))
}

/** '._events: Object → .request: Function (app.js:5) → Context → variable requests: Map', from the outside in. */
function pathInWords (steps) {
  // The app's listeners of tidemark are held by tidemark, and that is not why anything lives.
  const own = steps.findLastIndex(({ location }) => isOwn(location))
  const shown = steps.slice(Math.max(own + 1, 1)).slice(-MOST_STEPS)
  const words = shown.map((step) => `${edgeInWords(step.edge)}${cut(named(step.class.replace(/^system \/ /, '')))}${placeInWords(step.location)}`)
  return (shown.length < steps.length - 1 ? ['…', ...words] : words).join(' → ')
}

function isOwn (location) {
  return typeof location?.file === 'string' && isOwnFile(location.file)
}

function edgeInWords (edge) {
  if (edge === null) return ''
  if (edge.type === 'property') return `.${isShown(edge.name) ? edge.name : HIDDEN}: `
  if (edge.type === 'context') return `variable ${cut(edge.name)}: `
  return ''
}

function placeInWords (location) {
  const place = placeOf(location)
  return place === null ? '' : ` (${path.basename(place.file)}:${place.line})`
}

/** The analyser names the file that ran; the location, and all other evidence, the one that a person wrote. */
function inSource (text, file) {
  if (file === null) return text
  const source = sourceOf(file)
  return source === file ? text : text.replaceAll(path.basename(file), () => path.basename(source))
}

function cut (name) {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name
}

/** In the source that a person wrote. A variable of a whole file has no line. */
function placeOf (location) {
  if (!location?.file || !location.line) return null
  return mapLocation({ file: location.file, line: location.line, column: location.column ?? 1, function: location.function })
}

module.exports = { toFindings }
