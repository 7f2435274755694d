'use strict'

const { getHeapStatistics } = require('node:v8')
const { bytes, duration, grouped } = require('../format')

/**
 * Where the growth of a container ends by itself: at the number of entries that it may have (`most`, reached in
 * `untilMs` at this pace; `parts`: entries are small parts of what they keep, which the cap was not meant for), or once its oldest entries
 * expire (`afterMs` after they were made, or within `leftMs` from now).
 * @typedef {{kind: 'cap', what: string, size: number, most: number, bytesEach: number, parts: boolean, untilMs: number}} Cap
 * @typedef {{kind: 'expiry', what: string, size: number, by: 'timer' | 'time', watchedMs: number} &
 *   ({afterMs: number} | {afterMs?: undefined, leftMs: number})} Expiry
 * @typedef {Cap | Expiry} Bound
 * @typedef {import('./suspect').Finding & {bound: Bound}} Bounded
 */

/** Containers with a bound must explain this share of a leak's growth. */
const LEAST_SHARE = 0.5
/** A lower bound of what a container explains is enough where no other holder explains as much. */
const HOLDERS = new Set(['container', 'listeners', 'retainer'])
const SURE = 0.5
/** What the containers still take must be at most this share of what is left. */
const FITS = 0.5
/** The first entries of what expires may be later than the begin of the growth, and timers are late too. */
const SLACK = 1.25

/**
 * Why a growth is none of a leak: containers that will end growing by themselves explain it, and they end
 * before the limit.
 * @param {import('./suspect').Finding[]} findings
 * @param {{channel: string, growthRate: number | null, ageMs: number}} leak `ageMs`: how long it has been growing
 * @param {number} [timeLeftMs] until a limit is reached
 * @param {number} [mostBytes] more than this no cache is meant to take
 * @returns {string | undefined} in words
 */
function excuseOf (findings, { growthRate, ageMs = 0 }, timeLeftMs = Infinity, mostBytes = getHeapStatistics().heap_size_limit) {
  const bounded = /** @type {Bounded[]} */ (findings.filter(({ bound }) => bound !== undefined && !(bound.kind === 'cap' && bound.parts)))
  if (bounded.length === 0 || growthRate === null || !(growthRate > 0) || !explain(bounded, findings, growthRate)) return undefined
  const until = Math.max(...bounded.map(({ bound }) => untilOf(bound, ageMs)))
  if (!(until > 0) || until > timeLeftMs * FITS || growthRate * until / 1000 > mostBytes * FITS) return undefined
  const [{ bound }] = [...bounded].sort((one, other) => (other.growth ?? 0) - (one.growth ?? 0))
  if (bound.kind === 'cap') {
    return `fills a cache: ${bound.what} has ${grouped(bound.size)} of at most ${grouped(bound.most)} entries, about ${bytes(growthRate * until / 1000)} more`
  }
  const ends = bound.afterMs === undefined ? `the first within ${duration(bound.leftMs)}`
    : `each ${bound.by === 'timer' ? 'has a timer of' : 'lives for'} ${duration(bound.afterMs)}, and the growth is ${duration(ageMs)} old`
  return `its entries expire: of the ${grouped(bound.size)} in ${bound.what} ${ends}`
}

/**
 * A cap that memory does not have room for is what has to be changed, so it heads what is said of its container.
 * @param {import('./suspect').Finding[]} findings changed
 * @param {number} growthRate bytes per second
 * @param {number} [timeLeftMs]
 */
function tellMisfits (findings, growthRate, timeLeftMs = Infinity) {
  for (const finding of findings) {
    const { bound } = finding
    if (bound?.kind !== 'cap' || bound.untilMs <= timeLeftMs || !(growthRate > 0)) continue
    const each = bound.bytesEach > 0 ? ` of ${bytes(bound.bytesEach)}` : ''
    const left = bytes(growthRate * timeLeftMs / 1000)
    finding.description = `the cap of ${bound.what} does not fit: ${grouped(bound.most)} entries${each}, and ${left} are left; ${finding.description}`
  }
}

function explain (bounded, findings, growthRate) {
  const shareOf = ({ growth, intervalMs }) => growth > 0 && intervalMs > 0 ? growth / (intervalMs / 1000) / growthRate : 0
  const explained = bounded.reduce((sum, finding) => sum + shareOf(finding), 0)
  if (explained >= LEAST_SHARE) return true
  const others = findings.filter((finding) => HOLDERS.has(finding.kind) && !bounded.includes(finding) && finding.confidence >= SURE)
  return bounded.some(({ atLeast, growth }) => atLeast || growth === null) && others.every((other) => shareOf(other) < explained && other.growth !== null)
}

/** @param {Bound} bound @param {number} ageMs */
function untilOf (bound, ageMs) {
  if (bound.kind === 'cap') return Math.max(1, bound.untilMs)
  if (bound.afterMs === undefined) return bound.leftMs
  return bound.afterMs * SLACK - Math.max(ageMs, bound.watchedMs)
}

module.exports = { excuseOf, tellMisfits }
