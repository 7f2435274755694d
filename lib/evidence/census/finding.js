'use strict'

const path = require('node:path')
const { bytes: inBytes, duration, grouped } = require('../../format')
const { named } = require('../../names')
const { article, describePlace, keyOf } = require('./place')
const { anchorOf, fillOf, siteOf } = require('./site')

const MAX_FINDINGS = 8
/** Bytes of an entry whose size nobody knows, for nothing but the order among others. */
const GUESS = 500
/** The factor of the last rise, from which on a container is one that grows by doubling. */
const DOUBLING = 1.5
/** Growth that is worth a look, in entries. */
const LEAST_GROWTH = 8
/** Growth that is worth a word where the size of entries is known: bytes, or where they are small, entries. */
const LEAST_BYTES = 65536
const LEAST_ENTRIES = 200

/**
 * Containers of one kind hang at the same place of the code, such as the listeners of every socket: the
 * one that grew most speaks for all.
 * @param {import('./ledger').Record[]} records
 * @returns {{record: import('./ledger').Record, kin: import('./ledger').Record[]}[]} of those that grew, what grew
 *   most, and most steadily, first
 */
function kindsOf (records) {
  const kinds = new Map()
  const weighed = records.map((record) => ({ record, weight: steadiness(record) * growthOf(record) }))
  for (const { record, weight } of weighed.sort((one, other) => other.weight - one.weight)) {
    const key = `${record.shape}:${record.key}`
    const kind = kinds.get(key)
    if (kind === undefined) {
      kinds.set(key, { record, kin: [], weight })
    } else {
      kind.kin.push(record)
      kind.weight += weight
    }
  }
  return [...kinds.values()]
    .filter(({ record }) => growthOf(record) >= LEAST_GROWTH)
    .sort((one, other) => other.weight - one.weight)
    .map(({ record, kin }) => ({ record, kin }))
}

/** Entries by which a kind grew while its speaker did: some of its kin may have shrunk, and be known for longer. */
function growthOfKind ({ record, kin }) {
  const perMs = (each) => growthOf(each) / Math.max(1, intervalOf(each))
  const all = kin.reduce((sum, other) => sum + perMs(other), perMs(record))
  return Math.max(growthOf(record), Math.round(all * intervalOf(record)))
}

function intervalOf ({ first, last }) {
  return last.at - first.at
}

/**
 * What is told of containers that grew, what grew most first.
 * @param {object[]} described each a record of the ledger and its kin, with what was seen in the container and `entries`, what all of them grew by
 * @returns {import('../suspect').Finding[]}
 */
function toFindings (described) {
  return mergeSiblings(described)
    .filter(isMaterial)
    .sort((one, other) => weightOf(other) - weightOf(one))
    .slice(0, MAX_FINDINGS)
    .map(toFinding)
}

function weightOf ({ entries, growth, confidence, contents }) {
  return confidence * (growth > 0 && !contents.atLeast ? growth : Math.max(growth, GUESS * entries))
}

/** A few small entries more are the course of the day. */
function isMaterial ({ entries, growth, contents }) {
  return growth === 0 || contents.atLeast || growth >= LEAST_BYTES || entries >= LEAST_ENTRIES
}

function growthOf ({ first, last }) {
  return last.size - first.size
}

/** 0 to 1: rose at every count and is still rising, rather than once, or up and down as a full cache does. */
function steadiness ({ shape, counts, rises, falls, first, last, lastRise, jump }) {
  const times = Math.max(1, counts - 1)
  const recent = last.at === first.at ? 0 : 1 - (last.at - lastRise) / (last.at - first.at)
  // What doubles when it is full is the same size at most counts.
  const share = Math.max(rises / times, falls === 0 && jump >= DOUBLING ? Math.min(0.8, 0.4 * rises) : 0)
  // A string is counted by walks alone, and does not become longer by chance.
  const known = shape === 'text' ? 1 : 1 - 0.5 / times
  return Math.max(0.02, (0.3 + 0.7 * share) * (1 - Math.min(1, 2 * falls / times)) * (0.2 + 0.8 * recent) * known * 0.95)
}

/** A cache is made of a Map, a list and more that grow as one; the one of most weight speaks for all. */
function mergeSiblings (described) {
  const groups = []
  for (const one of described) {
    const group = groups.find(([first]) => isSibling(first, one))
    if (group === undefined) groups.push([one])
    else group.push(one)
  }
  return groups.map((group) => {
    const speaker = group.reduce((best, one) => one.growth > best.growth || (one.growth === best.growth && WEIGHT[one.record.shape] > WEIGHT[best.record.shape]) ? one : best)
    speaker.siblings = group.filter((one) => one !== speaker)
    // A list that has a cap beside a Map of as many has it for both.
    speaker.cap ??= group.map(({ cap }) => cap).find((cap) => cap !== undefined)
    speaker.growth = sum(group, 'growth')
    speaker.bytes = sum(group, 'bytes')
    speaker.routes = [...new Set(group.flatMap(({ routes }) => routes))]
    return speaker
  })
}

function sum (group, name) {
  return group.reduce((total, one) => total + one[name], 0)
}

const WEIGHT = { map: 3, set: 2, object: 2, emitter: 2, text: 2, array: 1, timers: 1, entries: 1, chain: 2, queue: 2 }

function isSibling (one, other) {
  const { place: mine } = one.record
  const { place: theirs } = other.record
  if (mine.parent === undefined || theirs.parent === undefined || keyOf(mine.parent) !== keyOf(theirs.parent)) return false
  const growths = [growthOf(one.record), growthOf(other.record)].sort((a, b) => a - b)
  return growths[0] > growths[1] * 0.8
}

/** @returns {import('../suspect').Finding} */
function toFinding ({ record, kin, entries, contents, routes, event, growth, bytes, confidence, siblings, cap, expiry }) {
  const { place, first, last } = record
  const intervalMs = intervalOf(record)
  const what = describePlace(place)
  const { file } = anchorOf(place)
  const site = siteOf(place)
  const filler = fillOf(place)?.begin
  const holds = contents.holds.slice(0, 3)
  const each = contents.bytesPerEntry
  const growing = kin.filter((other) => growthOf(other) > 0).length
  const description = describe(record, { what, site, holds, event, about: aboutEach(contents) }) + (record.shape === 'timers' ? '' : filledBy(site)) + (growing === 0 ? '' : `; ${grouped(growing)} more like it grew too`)
  const links = [
    `holder:${record.key}`,
    ...file === undefined ? [] : [`file:${site?.file ?? file}`],
    ...[...new Set([...holds, ...contents.within])].filter((name) => !/^(?:string|number|undefined|null|boolean|function|Object|Array)$/.test(name)).slice(0, 4).map((name) => `type:${name}`),
    ...routes.map((route) => `route:${route}`),
    ...filler === undefined ? [] : [`function:${filler.file}:${filler.line}:${filler.column}`]
  ]
  return {
    kind: event === undefined ? 'container' : 'listeners',
    key: record.key,
    description,
    bytes: bytes > 0 ? bytes : null,
    growth: growth > 0 ? growth : null,
    atLeast: contents.atLeast,
    bound: boundOf({ record, what, contents, cap, expiry }),
    intervalMs,
    confidence: round(confidence),
    weight: place.rank === 0 ? 0.9 : place.rank <= 2 ? 0.8 : 0.5,
    location: site,
    links,
    evidence: [
      {
        kind: 'counts', description: `counted ${record.counts} times: ${record.rises} times more, ${record.falls} times fewer`,
        counts: record.counts, rises: record.rises, falls: record.falls, sizeThen: first.size, sizeNow: last.size,
        bytesPerEntry: each, atLeast: contents.atLeast, holds
      },
      ...cap === undefined ? [] : [{ kind: 'cap', description: `it may have ${grouped(cap)} entries`, entries: cap }],
      ...expiry === undefined ? [] : [expiryEvidence(expiry)],
      ...growing === 0 ? [] : [{ kind: 'kin', description: `together they grew by ${grouped(entries)}`, containers: growing + 1 }],
      ...siblings.slice(0, 4).map(({ record }) => ({
        kind: 'sibling', description: `${describePlace(record.place)} grew with it, from ${grouped(record.first.size)} to ${grouped(record.last.size)}`
      }))
    ]
  }
}

function expiryEvidence ({ by, afterMs, leftMs }) {
  const description = afterMs === undefined ? `its first entries end within ${duration(leftMs)}` : `its entries ${by === 'timer' ? 'have timers of' : 'live for'} ${duration(afterMs)}`
  return { kind: 'expiry', description, ...afterMs === undefined ? { leftMs } : { afterMs } }
}

/** Where its growth ends by itself. @returns {import('../excuse').Bound | undefined} */
function boundOf ({ record, what, contents: { bytesPerEntry: bytesEach, parts }, cap, expiry }) {
  const { first, last } = record
  const perMs = growthOf(record) / Math.max(1, intervalOf(record))
  if (cap !== undefined && perMs > 0) return { kind: 'cap', what, size: last.size, most: cap, bytesEach, parts, untilMs: (cap - last.size) / perMs }
  if (expiry !== undefined) return { kind: 'expiry', what, size: last.size, ...expiry, watchedMs: last.at - first.at }
  return undefined
}

/** ', about 1.2 kB each' */
function aboutEach ({ bytesPerEntry: each, atLeast, parts, slices }) {
  if (!(each > 0)) return ''
  const more = parts ? ' (slices of larger Buffers)' : slices ? ' (far more where they are slices of longer strings)' : ''
  return `, ${atLeast ? 'at least' : 'about'} ${inBytes(each)} each${more}`
}

/** How it grew, in words. */
function describe ({ shape, type, first, last }, { what, site, holds, event, about }) {
  const change = `from ${grouped(first.size)} to ${grouped(last.size)}`
  const seconds = Math.max(1, Math.round((last.at - first.at) / 1000))
  if (event !== undefined) return `${what}, ${article(type)}, went ${change} listeners in ${seconds} s, ${grouped(event.most)} of them for '${event.shown ?? named(event.event)}'${about}`
  if (shape === 'timers') return `${what}${site === null ? '' : ` (${path.basename(site.file)}:${site.line})`} grew ${change} in ${seconds} s${about}`
  if (shape === 'text') return `${what}, ${article(type)}, grew ${change} characters in ${seconds} s`
  if (shape === 'chain') return `${what}, a list of ${type}s that are linked, grew ${change} in ${seconds} s${about}`
  return `${what}, ${article(type)}, grew ${change} entries in ${seconds} s${holds.length === 0 ? '' : `; it holds ${holds.join(', ')}${about}`}`
}

/** Who puts into it. */
function filledBy (site) {
  if (site === null) return ''
  return `; filled ${site.function === null ? 'at' : `by ${site.function} at`} ${path.basename(site.file)}:${site.line}`
}

function round (value) {
  return Math.round(value * 1000) / 1000
}

module.exports = { growthOfKind, kindsOf, steadiness, toFindings }
