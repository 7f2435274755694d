'use strict'

const path = require('node:path')
const format = require('../../format')
const { packageOf } = require('../package-of')
const { passesOn } = require('./stacks')

/** @typedef {import('../suspect').Finding} Finding */

const MOST_FINDINGS = 10
const MOST_FRAMES = 30
const MOST_FUNCTIONS = 8
const LONGEST_NAME = 100

/** Fewer survivors than this are chance. */
const LEAST_SAMPLES = 3

/** What stays at a site must be this share of all that stays. */
const LEAST_SHARE = 0.01

/** Survivors that count as one sample, because objects of one request are sampled together. */
const CLUMP = 3

/** Code of the application can be changed; of a package, configured; of Node.js it says who it is not. */
const WEIGHTS = { app: 0.8, package: 0.4, node: 0.1 }

/**
 * @param {import('./growth').SiteGrowth[]} growths what grows most first
 * @param {InstanceType<typeof import('./stacks').Stacks>} stacks
 * @param {number} intervalMs since the sampling began
 * @returns {Finding[]} at most 10
 */
function toFindings (growths, stacks, intervalMs) {
  const total = growths.reduce((sum, { growth }) => sum + growth, 0)
  return growths
    .filter(({ growth, samples }) => samples >= LEAST_SAMPLES && growth >= total * LEAST_SHARE)
    .slice(0, MOST_FINDINGS)
    .map((each) => toFinding(each, each.growth / total, stacks.framesOf(each.heaviest), intervalMs))
}

/** @returns {Finding} */
function toFinding (each, share, frames, intervalMs) {
  const { site, bytes, growth, samples, persistence, evenness } = each
  const { location } = site.frame ?? { location: null }
  const stays = `${format.bytes(bytes)} of what it allocated in the last ${format.duration(intervalMs)} is still live, ${format.percent(share)} of all that stayed`
  return {
    kind: 'site',
    key: site.key,
    // What stands between two commas ends here.
    description: `${describe(site)}${site.callers > 0 ? ',' : ''} allocates what stays: ${stays}`,
    bytes: Math.round(bytes),
    growth: Math.round(growth),
    intervalMs,
    confidence: (1 - Math.exp(-samples / CLUMP)) * persistence * evenness,
    weight: WEIGHTS[site.owner],
    location,
    links: linksOf(site, frames),
    evidence: [{
      kind: 'site',
      description: `${describe(site)}: ${format.bytes(growth)} stayed, told by ${samples} samples`,
      site: site.key,
      bytes: Math.round(bytes),
      growth: Math.round(growth),
      share,
      samples,
      persistence,
      below: below(site, frames),
      stack: frames.slice(0, MOST_FRAMES).map(toLine)
    }]
  }
}

function describe ({ owner, frame, callers = 0 }) {
  if (frame === null) return 'Node.js itself'
  const { location, name } = frame
  const place = `${path.basename(location.file)}:${location.line}`
  const called = name === null ? `the function at ${place}` : `${short(name)} (${place})`
  if (owner === 'app') return called
  return `${called} of ${packageOf(location.file)}${callers > 0 ? `, for ${callers} functions of the app` : ''}`
}

/** What the application's function called, where it is a package that allocated. */
function below ({ owner, frame }, frames) {
  if (owner !== 'app') return null
  const called = frames[frames.indexOf(frame) - 1]
  if (called === undefined || called.owner !== 'package') return null
  return describe({ owner: 'package', frame: called })
}

/** A package that allocates for many functions is the same cause as none of them. */
function linksOf ({ frame, callers }, frames) {
  const functions = callers > 0 ? [] : frames.filter(({ owner }, index) => owner === 'app' && !passesOn(frames, index)).slice(0, MOST_FUNCTIONS)
  const links = functions.flatMap(({ location, begins }) => [`${location.file}:${location.line}:${location.column}`, begins])
  return [
    ...new Set(links.map((place) => `function:${place}`)),
    ...(frame === null ? [] : [`file:${frame.location.file}`])
  ]
}

/** As a line of a stack trace. The place is where the function begins: that is all that V8 samples. */
function toLine ({ name, location, url }) {
  const place = location === null ? url : `${location.file}:${location.line}:${location.column}`
  return `${short(name ?? '<anonymous>')}${place === '' ? '' : ` (${place})`}`
}

function short (name) {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name
}

module.exports = { toFindings }
