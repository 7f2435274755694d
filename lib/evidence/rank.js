'use strict'

const { brief, keyOf, parts } = require('./bounds')
const { NODE_KEY } = require('./suspect')

/** @typedef {import('./suspect').Finding} Finding */

const MOST_SUSPECTS = 8
const MOST_OBSERVATIONS = 12
const LONGEST_SIGNATURE = 160

/** Weaker than this is noise, not a suspicion. */
const LEAST_SCORE = 0.05

/** A finding that says nothing of its growth counts as if it explained this share of it. */
const UNKNOWN_SHARE = 0.3

/** A share below this lowers the score further. */
const NEGLIGIBLE = 0.1

/** Share of the growth that each of two findings in the same file must explain to be one cause. */
const MAJORITY = 0.5

/** Sum of shares above which findings overlap, since shares are estimates; and the least share of each that counts. */
const MORE_THAN_ALL = 1.2
const LEAST_SHARE = 0.3

/** The place that fills the only holder allocates at least this share of the growth, and this many times what the next place does. */
const MUCH = 0.2
const FAR_MORE = 1.5

/** Confidence in the share of its requests that a route keeps, from which on it is certain. */
const SURE = 0.9

/** What holds the growth, rather than what allocates it. */
const HOLDERS = ['container', 'listeners', 'retainer']

const REQUESTS = ['type:IncomingMessage', 'type:ServerResponse']

/** Confidence from which on a holder heads the list: a person looks for it, and a place only says who fills it. */
const CERTAIN = 0.8

/** How near each kind of finding comes to the channel that leaks; 1 where nothing is said. */
const FITS = {
  external: { site: 0.7 },
  native: { site: 0.4, container: 0.6, retainer: 0.6 },
  // What handles say of themselves is known already: that they are too many.
  resources: { container: 0.9, retainer: 0.9, resources: 0.8 }
}

/** They say where: a route, what holds it, who allocates it. */
const PLACES = ['route', 'container', 'site', 'retainer']

/** What a person would rather fix comes first where the scores are equal. */
const KINDS = ['container', 'retainer', 'route', 'site', 'listeners', 'resources']

/**
 * Merges the findings of all sources into one list: the same cause seen twice is one suspect.
 *
 * A finding scores its confidence times its weight times a factor that grows from 0.1 to 1 with the
 * share of the leak's growth that it explains, steeply where that is little. Findings of one cause add up as independent evidence
 * does: 1 - (1 - a)(1 - b), the best one of each kind. The strongest gives a suspect its name, but what
 * surely holds the growth goes before the place that allocates it.
 *
 * @param {Finding[]} findings
 * @param {{channel: string, growthRate: number | null}} leak bytes per second
 * @returns {object[]} at most 8 suspects, the most likely first; plain JSON
 */
function rank (findings, leak) {
  const rated = findings.map((finding) => rate(finding, leak))
  return group(rated)
    .filter((members) => !members.every(isNodes))
    .map(toSuspect)
    .filter(({ score }) => score >= LEAST_SCORE)
    .sort((one, other) => other.score - one.score || KINDS.indexOf(one.suspect.kind) - KINDS.indexOf(other.suspect.kind))
    .slice(0, MOST_SUSPECTS)
    .map(({ suspect }) => suspect)
}

/**
 * The same leak has the same signature in every process that runs the same code: the channel and
 * the most likely cause.
 * @param {string} channel
 * @param {{kind: string, key: string}[]} suspects
 */
function signatureOf (channel, suspects) {
  if (suspects.length === 0) return `tidemark:${channel}`
  const [{ kind, key }] = suspects
  return keyOf(`tidemark:${channel}:${kind}:${key}`, LONGEST_SIGNATURE)
}

/**
 * Whether the likeliest suspect is worth another event: another cause, or the same one seen in a way
 * in which it was not seen before.
 * @param {Finding} suspect
 * @param {Finding} [before] the likeliest that was told
 */
function isNews (suspect, before) {
  return suspect.key !== before?.key || PLACES.some((kind) => isSeenAs(kind, suspect) && !isSeenAs(kind, before))
}

function isSeenAs (wanted, { kind, evidence }) {
  return kind === wanted || evidence.some((observation) => observation.kind === wanted)
}

function rate (finding, { channel, growthRate }) {
  const known = channel === 'resources' ? null : shareOf(finding, growthRate)
  // A lower bound that is small says nothing.
  const share = finding.atLeast === true && known !== null && known < UNKNOWN_SHARE ? null : known
  const fit = FITS[channel]?.[finding.kind] ?? 1
  const score = clamp(finding.confidence) * clamp(finding.weight) * fit * factorOf(share ?? UNKNOWN_SHARE)
  return { finding, share, score }
}

/** What explains next to nothing of the growth is not what grows, however surely it does. */
function factorOf (share) {
  return share < NEGLIGIBLE ? 0.1 + (0.3 / NEGLIGIBLE + 0.6) * share : 0.4 + 0.6 * share
}

/** Of bytes in bytes: the rate of 'resources' counts handles. */
function shareOf ({ growth, intervalMs }, growthRate) {
  if (growth === null || !(intervalMs > 0) || !(growthRate > 0)) return null
  return clamp(growth / (intervalMs / 1000) / growthRate)
}

/**
 * Groups by common links, transitively. Where one route keeps its requests and that explains most of
 * the growth, what packages and Node.js allocate and what stays is part of those requests.
 */
function group (rated) {
  const keeper = rated.find(({ finding, share }) => finding.kind === 'route' && share >= MAJORITY && finding.confidence >= SURE)
  const isPart = (one, other) => (one === keeper && isForeign(other)) || (other === keeper && isForeign(one))
  const lone = rated.filter((each) => isCertainHolder(each) && each.share === null && isAloneInFile(each, rated))
  const holders = rated.filter(isCertainHolder)
  const isFilled = (one, other) => (lone.includes(one) && fills(other, one)) || (isOnly(one, holders) && allocatesMost(other, rated))
  const groups = []
  for (const each of rated) {
    const same = groups.filter((members) => members.some((member) =>
      isSameCause(member, each) || isPart(member, each) || isFilled(member, each) || isFilled(each, member)))
    for (const other of same) groups.splice(groups.indexOf(other), 1)
    groups.push([...same.flat(), each])
  }
  return groups
}

/** What Node.js allocates and nothing more: that says who it is not, and would be the same alert in every app. */
function isNodes ({ finding: { kind, key } }) {
  return kind === 'site' && key === NODE_KEY
}

/** A place that is not in the application's own code. */
function isForeign ({ finding: { kind, links } }) {
  return kind === 'site' && !links.some((link) => link.startsWith('function:'))
}

/**
 * Two places in the code are two causes, also when one function called both; a route, a container
 * and a place are one when they point at each other.
 */
function isSameCause (one, other) {
  const [a, b] = [one.finding, other.finding]
  if (a.kind === b.kind) return (a.key === b.key && a.location?.file === b.location?.file) || isCopy(a, b) || isSameHolder(a, b)
  const shared = a.links.filter((link) => b.links.includes(link))
  if (shared.some((link) => /^(?:route|function|holder):/.test(link))) return true
  const both = Math.min(one.share ?? 0, other.share ?? 0)
  // Two causes cannot explain more than all of it: this is one, what is held and who allocates it or asks for it.
  if (both >= LEAST_SHARE && one.share + other.share >= MORE_THAN_ALL && (isHeldFor(a, b) || isHeldFor(b, a))) return true
  return both >= MAJORITY && shared.some((link) => link.startsWith('file:'))
}

/** Files that a template or a generator wrote have the same function at the same place. */
function isCopy ({ location: one, key }, { location: other, key: otherKey }) {
  if (!one?.function || !other || key === otherKey || one.file === other.file) return false
  return one.line === other.line && one.column === other.column && one.function === other.function && key.split(':').at(-1) === otherKey.split(':').at(-1)
}

/** The same container, found in two ways. */
function isSameHolder ({ links }, other) {
  return links.some((link) => link.startsWith('holder:') && other.links.includes(link))
}

/** What a route is said to explain is all that grew while it kept its requests: those must be what is held. */
function isHeldFor (holder, { kind }) {
  if (!HOLDERS.includes(holder.kind)) return false
  return kind === 'site' || (kind === 'route' && holder.links.some((link) => REQUESTS.includes(link)))
}

function isCertainHolder ({ finding: { kind, confidence } }) {
  return HOLDERS.includes(kind) && confidence >= CERTAIN
}

/** What a holder of unknown size holds is most likely what its own file allocates, and stays. */
function fills ({ finding: { kind, links }, share }, holder) {
  return kind === 'site' && share >= MAJORITY && links.some((link) => link.startsWith('file:') && holder.finding.links.includes(link))
}

/** The only holder that surely grows, and nobody knows by how much. */
function isOnly (holder, holders) {
  return holders.length === 1 && holders[0] === holder && holder.share === null
}

/** The place in the app where much of what stays is allocated, and far more than at any other. */
function allocatesMost (site, rated) {
  const isPlace = ({ finding }) => finding.kind === 'site' && !isForeign({ finding })
  return isPlace(site) && site.share >= MUCH && rated.every((other) => other === site || !isPlace(other) || other.share <= site.share / FAR_MORE)
}

/** No other holder of its file grows as surely. */
function isAloneInFile (holder, rated) {
  const files = holder.finding.links.filter((link) => link.startsWith('file:'))
  return files.length > 0 && !rated.some((other) => other !== holder && isCertainHolder(other) && other.finding.links.some((link) => files.includes(link)))
}

function toSuspect (members) {
  const byScore = [...members].sort((one, other) => other.score - one.score)
  const best = new Map()
  for (const each of byScore) if (!best.has(each.finding.kind)) best.set(each.finding.kind, each)
  const [strongest] = byScore
  const main = strongest.finding.kind === 'site' ? byScore.find(isCertainHolder) ?? strongest : strongest
  const score = 1 - [...best.values()].reduce((doubt, each) => doubt * (1 - each.score), 1)
  const doubt = [...best.values()].reduce((product, { finding }) => product * (1 - clamp(finding.confidence)), 1)
  const also = byScore.filter((each) => each !== main)
  const located = byScore.filter(({ finding }) => finding.location !== null)
  const { kind, key, description } = main.finding
  return {
    score,
    suspect: {
      kind,
      key: keyOf(key),
      description: brief(description),
      bytes: whole(total(byScore, main, ({ finding }) => finding.bytes)),
      growth: whole(total(byScore, main, ({ finding }) => finding.growth)),
      share: clampKnown(total(byScore, main, ({ share }) => share)),
      confidence: round(1 - doubt),
      location: parts(locationOf(main, located)),
      evidence: parts([
        ...main.finding.evidence,
        ...also.map(({ finding }) => ({ kind: finding.kind, description: brief(finding.description) })),
        ...also.flatMap(({ finding }) => finding.evidence)
      ].slice(0, MOST_OBSERVATIONS))
    }
  }
}

/**
 * Where a holder is filled. Several functions may fill it: of another one that was seen to allocate what stays the place
 * goes before, and before all else that is known.
 */
function locationOf ({ finding: { kind, location } }, located) {
  const site = located.find(({ finding }) => finding.kind === 'site')?.finding.location
  const isHolder = HOLDERS.includes(kind) && location !== null
  if (isHolder && (site === undefined || site.function === location.function)) return location
  return site ?? located[0]?.finding.location ?? null
}

/** The first that is known, of estimates from the best to the worst. */
function first (values) {
  return values.find((value) => value !== null) ?? null
}

/** Of copies of one cause all together. */
function total (byScore, main, valueOf) {
  const copies = byScore.filter((each) => each !== main && each.finding.kind === main.finding.kind && isCopy(each.finding, main.finding))
  if (copies.length === 0) return first(byScore.map(valueOf))
  return [main, ...copies].map(valueOf).reduce((sum, value) => value === null ? sum : (sum ?? 0) + value, null)
}

function clampKnown (value) {
  return value === null ? null : clamp(value)
}

function clamp (value) {
  return value > 0 ? Math.min(1, value) : 0
}

function round (value) {
  return Math.round(value * 1000) / 1000
}

/** @param {number | null} estimate of bytes, which has no fractions */
function whole (estimate) {
  return estimate === null ? null : Math.round(estimate)
}

module.exports = { rank, isNews, signatureOf, MOST_SUSPECTS }
