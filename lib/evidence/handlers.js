'use strict'

const { isApplicationFile, mapLocation } = require('./app-frame')
const { Scopes } = require('./census/scopes')
const { Slices } = require('../slices')
const { dataProperty } = require('./data-property')
const { functionName } = require('../names')

/** More handlers of one route than this are middleware. */
const MOST_HANDLERS = 4
/** Functions whose place is asked for at once, at about 50 us each, and in all. */
const AT_ONCE = 20
const MOST_LOCATED = 1000
const LIMIT_MS = 500

/**
 * The functions that answer the route which Express chose, held weakly: `req.route.stack[].handle`.
 * @param {object} req
 * @returns {WeakRef<Function>[]} the last ones, which do the work
 */
function handlersOf (req) {
  const stack = dataProperty(dataProperty(req, 'route'), 'stack')
  if (!Array.isArray(stack)) return []
  const length = dataProperty(stack, 'length')
  return Array.from({ length: Math.min(length, MOST_HANDLERS) }, (_, i) => dataProperty(dataProperty(stack, String(length - 1 - i)), 'handle'))
    .filter((handle) => typeof handle === 'function')
    .map((handle) => new WeakRef(handle))
}

/**
 * Tells of allocation sites which route's handler they run in: the site gets a link to the route, and
 * an observation that says so. A function that handles several routes points at none of them. A route
 * gets the place of the handler that does its work.
 * @param {import('./suspect').Finding[]} findings
 * @param {{route: string, handlers: WeakRef<Function>[]}[]} routes
 * @param {import('./sources').Means} [means]
 */
async function linkHandlers (findings, routes, means) {
  const sites = findings.filter(({ kind, links }) => kind === 'site' && links.some((link) => link.startsWith('function:')))
  const unplaced = findings.filter(({ kind, location, links }) => kind === 'route' && location === null && links.length === 1)
  const handlers = routes.flatMap(({ route, handlers }) => handlers.map((ref) => ({ route, ref }))).slice(0, MOST_LOCATED)
  if (sites.length + unplaced.length === 0 || handlers.length === 0) return
  const { routeByPlace, placeByRoute } = await locate(handlers, means)
  for (const route of unplaced) route.location = placeByRoute.get(route.links[0].slice('route:'.length)) ?? null
  for (const site of sites) {
    const links = site.links.filter((link) => routeByPlace.get(link))
    const [route] = links.map((link) => routeByPlace.get(link))
    if (route === undefined || site.links.includes(`route:${route}`)) continue
    site.links.push(`route:${route}`)
    site.evidence.push({ kind: 'route', description: `it runs for ${route}`, route })
  }
}

/**
 * @returns {Promise<{routeByPlace: Map<string, string | null>, placeByRoute: Map<string, import('./suspect').Location>}>} the route by
 *   'function:<file>:<line>:<column>', null where there are several; and of each route the last handler of the app itself
 */
async function locate (handlers, means) {
  const routeByPlace = new Map()
  const placeByRoute = new Map()
  const { scopes } = Scopes.open(means)
  if (scopes === undefined) return { routeByPlace, placeByRoute }
  const slices = new Slices({ limitMs: LIMIT_MS })
  try {
    scopes.learnScripts()
    for (let from = 0; from < handlers.length && !slices.over; from += AT_ONCE) {
      if (slices.full) await slices.turn()
      const alive = handlers.slice(from, from + AT_ONCE).map(({ route, ref }) => ({ route, handle: ref.deref() })).filter(({ handle }) => handle !== undefined)
      scopes.readFunctions(alive.map(({ handle }) => handle), () => false, ({ location }, index) => {
        if (!location?.file) return
        const place = `function:${location.file}:${location.line}:${location.column}`
        const { route, handle } = alive[index]
        const name = dataProperty(handle, 'name')
        const mapped = mapLocation({ ...location, function: typeof name === 'string' ? functionName(name) : null })
        if (!placeByRoute.has(route) && isApplicationFile(mapped.file)) placeByRoute.set(route, mapped)
        routeByPlace.set(place, routeByPlace.has(place) && routeByPlace.get(place) !== route ? null : route)
      })
    }
  } finally {
    scopes.close()
  }
  return { routeByPlace, placeByRoute }
}

module.exports = { handlersOf, linkHandlers }
