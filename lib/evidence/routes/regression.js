'use strict'

const { dot, leastSquares, residualsOf } = require('./least-squares')

/**
 * What a request to a route adds to the heap, told from many full GCs: where the level rises in
 * step with the requests to one route, and not just with time or with all requests, that route
 * leaks. Says nothing unless it is clear.
 *
 *   level = a + b * time + c * requests to the route + d * requests to all other routes + noise
 *
 * 1. A route whose rate hardly changes cannot be told from time: it is no candidate. Where there is
 *    only one busy route, time itself is the weaker explanation and left out, at low confidence.
 * 2. Routes that are called in step with each other are one candidate.
 * 3. Candidates are added while they are clear (see `isClear`), the best one first, at most three.
 * 4. A candidate that another one could replace nearly as well is not told, or told together with it.
 *
 * Levels of neighbouring GCs err alike. Their correlation is estimated from the residuals, made
 * larger as few rows estimate it too small, and taken out of rows and columns (Prais-Winsten);
 * without that, any two slow curves would look related.
 */

const FEWEST_ROWS = 9
const FEWEST_REQUESTS = 10
const FEWEST_FREE = 5
/** Least share of the variance of a route's requests that time does not explain; as a variance inflation factor, 50. */
const LEAST_OWN_COURSE = 0.02
const LARGEST_VIF = 50
/** What is left of a route whose rate never changes is rounding. */
const NO_COURSE = 1e-6
const IN_STEP = 0.98
const MOST_CANDIDATES = 3
const MOST_TOGETHER = 3
/** Share of the growth that a route must explain, and the share above which the estimate cannot be right. */
const LEAST_SHARE = 0.25
const LARGEST_SHARE = 2
const DOMINANT = 0.95
/** A model that fits worse by no more than this (in Akaike's measure) is as good. */
const AS_GOOD = 6

/**
 * @typedef {{
 *   routes: string[], bytesPerRequest: number, standardError: number, requests: number,
 *   growth: number, intervalMs: number, rows: number, confidence: number, apartFromTime: boolean
 * }} Attribution `routes` has more than one name where they cannot be told apart
 *
 * @param {string[]} names of the routes
 * @param {{at: number, level: number, requests: number[]}[]} rows one for each full GC: milliseconds,
 *   bytes, and the requests to each route so far
 * @returns {Attribution[]} the surest first
 */
function attribute (names, rows) {
  const n = rows.length
  if (n < FEWEST_ROWS) return []
  const [first] = rows
  const column = (value) => Float64Array.from(rows, value)
  const level = column((row) => row.level - first.level)
  const time = column((row) => (row.at - first.at) / 1000)
  const one = column(() => 1)
  const growth = rise(level)
  if (!(growth > 0) || !(time[n - 1] > 0)) return []
  const busy = names
    .map((name, i) => ({ routes: [name], requests: column((row) => (row.requests[i] ?? 0) - (first.requests[i] ?? 0)) }))
    .filter(({ requests }) => requests[n - 1] >= FEWEST_REQUESTS)
  const context = { level, growth, n, intervalMs: rows[n - 1].at - first.at }
  const courses = busy
    .map((route) => ({ ...route, course: residualsOf([one, time], route.requests) }))
    .map((route) => ({ ...route, ownCourse: dot(route.course, route.course) / variance(route.requests) }))
  if (!courses.some(({ ownCourse }) => ownCourse >= LEAST_OWN_COURSE)) return dominant(busy, one, context)
  const candidates = inStep(courses.filter(({ ownCourse }) => ownCourse > NO_COURSE))
  const clear = select(candidates, [one, time], context)
  return clear
    .map((chosen) => apart(chosen, clear, candidates, [one, time], context))
    .filter((chosen) => chosen !== null && chosen.routes.length <= MOST_TOGETHER)
    .map((chosen) => report(chosen, context, chosen.isAlone ? 1 : 0.6, true))
    .sort((a, b) => b.confidence - a.confidence)
}

/** Adds the best clear candidate until there is none, and returns what stays clear beside the others. */
function select (candidates, base, context) {
  let chosen = []
  while (chosen.length < MOST_CANDIDATES) {
    const fits = candidates
      .filter((candidate) => !chosen.includes(candidate))
      .map((candidate) => ({ candidate, fit: fitOf([...chosen, candidate], candidates, base, context) }))
      .filter(({ candidate, fit }) => fit !== null && isClear(candidate, fit.of(candidate), context))
      .sort((a, b) => a.fit.squares - b.fit.squares)
    if (fits.length === 0) break
    chosen = [...chosen, fits[0].candidate]
  }
  if (chosen.length === 0) return []
  const fit = /** @type {Fit} */ (fitOf(chosen, candidates, base, context)) // as it was with the last of them
  return chosen
    .map((candidate) => ({ ...candidate, candidate, estimate: fit.of(candidate) }))
    .filter(({ estimate, candidate }) => isClear(candidate, estimate, context))
}

/**
 * Whether another candidate would do in its place; then both together, where they also are clear.
 */
function apart (chosen, clear, candidates, base, context) {
  const others = clear.filter((other) => other !== chosen).map(({ candidate }) => candidate)
  const model = (candidate) => fitOf([...others, candidate], candidates, base, context)
  const best = /** @type {Fit} */ (model(chosen.candidate))
  const rivals = candidates
    .filter((rival) => rival !== chosen.candidate && !others.includes(rival))
    .map((rival) => ({ rival, fit: model(rival) }))
    .filter(({ rival, fit }) => fit !== null && fit.of(rival).coefficient > 0)
    .map(({ rival, fit }) => ({ rival, worse: context.n * Math.log(fit.squares / best.squares) }))
    .filter(({ worse }) => worse < AS_GOOD)
  // One that is not clear, and explains more: then this one only resembles it.
  if (rivals.some(({ worse }) => worse < -AS_GOOD)) return null
  if (rivals.length === 0) return { ...chosen, isAlone: chosen.routes.length === 1 }
  const together = merge([chosen.candidate, ...rivals.map(({ rival }) => rival)])
  const fit = fitOf([...others, together], candidates, base, context)
  if (fit === null || !isClear(together, fit.of(together), context)) return null
  return { ...together, estimate: fit.of(together), isAlone: false }
}

/** The only busy route: nothing else moves but time. */
function dominant (busy, one, context) {
  const total = busy.reduce((sum, { requests }) => sum + requests[context.n - 1], 0)
  const route = busy.find(({ requests }) => requests[context.n - 1] >= DOMINANT * total)
  if (route === undefined) return []
  const fit = fitOf([route], [route], [one], context)
  if (fit === null || !isClear(route, fit.of(route), context)) return []
  return [report({ ...route, estimate: fit.of(route) }, context, 0.4, false)]
}

/**
 * @typedef {{routes: string[], requests: Float64Array}} Candidate
 * @typedef {{
 *   squares: number,
 *   of: (candidate: Candidate) => {coefficient: number, standardError: number, inflation: number, free: number}
 * }} Fit
 *
 * @param {Candidate[]} chosen these have a coefficient of their own
 * @param {Candidate[]} candidates what else is among them has one in common
 * @param {Float64Array[]} base columns of every model
 * @param {{level: Float64Array, n: number}} context
 * @returns {Fit | null}
 */
function fitOf (chosen, candidates, base, { level, n }) {
  const names = new Set(chosen.flatMap(({ routes }) => routes))
  const others = candidates.filter(({ routes }) => !routes.some((name) => names.has(name)))
  const columns = [...base, ...chosen.map(({ requests }) => requests), ...others.length > 0 ? [merge(others).requests] : []]
  const free = n - columns.length - 1 // and the correlation
  if (free < FEWEST_FREE) return null
  const plain = leastSquares(columns, level)
  if (plain === null) return null
  const rho = correlation(plain.residuals, columns.length)
  const fit = leastSquares(columns.map((column) => whiten(column, rho)), whiten(level, rho))
  if (fit === null) return null
  const scale = fit.squares / free
  return {
    squares: fit.squares,
    of (candidate) {
      const j = base.length + chosen.indexOf(candidate)
      return {
        coefficient: fit.coefficients[j],
        standardError: Math.sqrt(scale * fit.spreads[j]),
        inflation: plain.spreads[j] * variance(columns[j]),
        free
      }
    }
  }
}

/** Positive, far from 0, a good part of the growth, and not a matter of the other columns. */
function isClear ({ requests }, { coefficient, standardError, inflation, free }, { growth, n }) {
  const share = coefficient * requests[n - 1] / growth
  return coefficient > critical(free) * standardError &&
    share >= LEAST_SHARE && share <= LARGEST_SHARE && inflation <= LARGEST_VIF
}

function report ({ routes, requests, estimate }, { n, intervalMs }, trust, apartFromTime) {
  const { coefficient, standardError, free } = estimate
  return {
    routes,
    bytesPerRequest: coefficient,
    standardError,
    requests: requests[n - 1],
    growth: coefficient * requests[n - 1],
    intervalMs,
    rows: n,
    confidence: trust * (0.9 - 0.4 * critical(free) * standardError / coefficient),
    apartFromTime
  }
}

/** Candidates whose courses beside time run in step are one. */
function inStep (candidates) {
  const groups = []
  for (const candidate of candidates) {
    const same = groups.filter((group) => group.some((member) => alike(member.course, candidate.course)))
    for (const group of same) groups.splice(groups.indexOf(group), 1)
    groups.push([...same.flat(), candidate])
  }
  return groups.map(merge)
}

function merge (candidates) {
  if (candidates.length === 1) return candidates[0]
  return {
    routes: candidates.flatMap(({ routes }) => routes),
    requests: candidates[0].requests.map((_, i) => candidates.reduce((sum, { requests }) => sum + requests[i], 0))
  }
}

function alike (one, other) {
  return dot(one, other) > IN_STEP * Math.sqrt(dot(one, one) * dot(other, other))
}

/**
 * Of neighbouring residuals, 0 to 0.99; `p` fitted columns out of n make it look smaller than it is.
 * What looks more than half like a random walk is taken for one: simulated, that keeps the standard
 * errors honest and loses nothing where the noise is white.
 */
function correlation (residuals, p) {
  const n = residuals.length
  const squares = dot(residuals, residuals)
  if (squares === 0) return 0
  let products = 0
  for (let i = 1; i < n; i++) products += residuals[i] * residuals[i - 1]
  const seen = products / squares
  const rho = (seen + 1.5 * p / n) / (1 - p / n)
  return rho > 0.5 ? 0.99 : Math.max(0, rho)
}

/** Takes the correlation of neighbours out of a column. */
function whiten (column, rho) {
  return column.map((value, i) => i === 0 ? Math.sqrt(1 - rho * rho) * value : value - rho * column[i - 1])
}

/** Student's t for 1 false alarm in 400, one-sided, and never below 3. */
function critical (free) {
  return Math.max(3, 2.81 + 7.1 / free + 18 / (free * free))
}

/** By the middle of the last third over that of the first: one odd level does not decide. */
function rise (level) {
  const n = level.length
  const third = Math.floor(n / 3)
  const mean = (from) => level.subarray(from, from + third).reduce((sum, value) => sum + value, 0) / third
  return (mean(n - third) - mean(0)) * (n - 1) / (n - third)
}

/** Times the number of values. */
function variance (values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
}

module.exports = { attribute, FEWEST_ROWS }
