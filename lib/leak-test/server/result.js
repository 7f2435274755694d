'use strict'

const format = require('../../format')
const { unmatched, unmatchedNote } = require('../ignore')

/**
 * What the requests of a server left behind, and how it is said.
 *
 * @typedef {import('../result').LeakTestResult & {
 *   route: string, outlived: {looked: number, alive: number}
 * }} RouteLeakResult calls are requests; outlived: of a sample, the requests that were still there a round later
 *
 * @typedef {{
 *   verdict: 'clean' | 'leaks' | 'undecided', message: string, routes: RouteLeakResult[], notes: string[], elapsedMs: number
 * }} ServerLeakResult
 */

/** Of the sample, those that make a leak: at least so many, and this share. */
const FEWEST_OUTLIVED = 3
const OUTLIVED_SHARE = 0.05

/** Of what was not requested, so much is named. */
const MOST_LEFT_OUT = 5

/**
 * @param {string} route
 * @param {import('../result').LeakTestResult} result
 * @param {{looked: number, alive: number}} outlived
 * @returns {RouteLeakResult}
 */
function resultOfRoute (route, result, outlived) {
  const { looked, alive } = outlived
  const outlive = alive >= FEWEST_OUTLIVED && alive >= looked * OUTLIVED_SHARE
  const line = `its requests outlive their responses: ${alive} of ${looked} were still there after the next ${format.grouped(result.rounds.at(-1)?.calls ?? 0)}`
  const message = !outlive
    ? `${route} ${result.message}`
    : result.verdict === 'leaks' ? `${route} ${result.message}\n  also ${line}` : `${route} leaks: ${line}`
  return { route, ...result, verdict: outlive ? 'leaks' : result.verdict, message, outlived }
}

/**
 * @param {RouteLeakResult[]} routes
 * @param {{leftOut: string[], ignore: import('../ignore').IgnoreRule[], elapsedMs: number}} more leftOut: what nobody requested
 * @returns {ServerLeakResult}
 */
function resultOfServer (routes, { leftOut, ignore, elapsedMs }) {
  const of = (verdict) => routes.filter((route) => route.verdict === verdict)
  const verdict = of('leaks').length > 0 ? 'leaks' : of('undecided').length > 0 ? 'undecided' : 'clean'
  const notes = unmatched(ignore, routes.flatMap(({ ignored }) => ignored)).map(unmatchedNote)
  if (leftOut.length > 0) {
    const more = leftOut.length > MOST_LEFT_OUT ? ` and ${leftOut.length - MOST_LEFT_OUT} more` : ''
    notes.push(`Not requested: ${leftOut.slice(0, MOST_LEFT_OUT).join(', ')}${more}. Name them in \`urls\`.`)
  }
  if (of('undecided').length > 0 && routes.length > 1) notes.push('The budget is for all routes together: each has what those before it left.')
  const count = `${of(verdict).length} of ${routes.length} ${routes.length === 1 ? 'route' : 'routes'}`
  const head = { clean: `does not leak: nothing grows in ${count}`, leaks: `leaks in ${count}`, undecided: `undecided for ${count}` }[verdict]
  const lines = [head, ...of('leaks').map(({ message }) => message), ...of('undecided').map(({ message }) => message)]
  if (verdict !== 'clean' && of('clean').length > 0) lines.push(`clean: ${of('clean').map(({ route }) => route).join(', ')}`)
  return { verdict, message: [...lines, ...notes.map((note) => `note: ${note}`)].join('\n'), routes, notes, elapsedMs }
}

module.exports = { resultOfRoute, resultOfServer }
