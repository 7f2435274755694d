'use strict'

const { HIDDEN, isName, isSegment } = require('./names')

const UNMATCHED = '(unmatched)'

/** Stands for one thing among many in a path: a number, a token, an address, a title. */
const ID = ':id'
const MOST_SEGMENTS = 12
const LONGEST_TEMPLATE = 300

/** Paths and templates that are shown as they are: most requests bring one of few. */
const MOST_KNOWN = 500
const shownPaths = new Set()
const shownTemplates = new Map()

/** In a template or a pattern: an escape, a range of characters, a parameter, what is literal. */
const LITERAL = /\\.|(?:\w-\w)+(?![\w-])|[:*]\w+|[\w%@~\x80-\uffff]+(?:[+=.-][\w%@~\x80-\uffff]+)*/g
/** Too short to be anybody's, as a quantifier `{24}`. */
const SHORT = /^(?:\\.|(?:\w-\w)+|\w{1,3})$/

/**
 * The template of the route that answered, read when the response is finished: 'GET /users/:id'.
 * Express leaves `req.route` (the route) and `req.baseUrl` (where its router is mounted) for us;
 * a server without routes leaves neither.
 *
 * @param {{method?: string, baseUrl?: string, originalUrl?: string, route?: {path?: unknown}}} req
 * @param {boolean} failed the response is an error
 * @returns {string}
 */
function routeOf (req, failed) {
  const { baseUrl, route } = req
  const method = methodOf(req.method)
  const mounted = typeof baseUrl === 'string' && baseUrl !== ''
  if (route === undefined || route === null || route.path === undefined) {
    // A handler without a route, mounted by `app.use('/graphql', handler)`, is known by its mount.
    return mounted ? `${method} ${template(baseUrl)}/*` : UNMATCHED
  }
  const path = pathOf(route.path)
  if (mounted) return `${method} ${template(baseUrl)}${path === '/' ? '' : path}`
  return failed ? `${method} ${lostMount(req.originalUrl, path)}${path}` : `${method} ${path}`
}

/** HTTP's parser knows the methods that there are; what else has the face of a request may say anything. */
function methodOf (method) {
  return typeof method === 'string' && /^(?:[A-Z]{1,11}|M-SEARCH)$/.test(method) ? method : '(unknown)'
}

/** Express takes a string, a RegExp or an array of both. */
function pathOf (path) {
  if (typeof path === 'string') return shownTemplate(path)
  return Array.isArray(path) ? path.map((each) => shownTemplate(String(each))).join('|') : shownTemplate(String(path))
}

/** Who writes the code writes the template, but for a router that makes one for every token. */
function shownTemplate (text) {
  let shown = shownTemplates.get(text)
  if (shown === undefined) {
    shown = text.slice(0, LONGEST_TEMPLATE).replace(LITERAL, (literal) => SHORT.test(literal) || isName(literal.replace(/^[:*]/, '')) ? literal : HIDDEN)
    if (shownTemplates.size >= MOST_KNOWN) shownTemplates.clear()
    if (text.length <= LONGEST_TEMPLATE) shownTemplates.set(text, shown)
  }
  return shown
}

/**
 * A path as it came is full of data: in a server without routes, or below a mount path with
 * parameters, as in `app.use('/users/:userId/orders', router)`. What is no name becomes ':id'.
 */
function template (path) {
  if (shownPaths.has(path)) return path
  const parts = path.split('/', MOST_SEGMENTS + 2)
  const shown = parts.slice(0, MOST_SEGMENTS + 1).map((part) => part === '' || part === '*' || isSegment(part) ? part : ID).join('/') +
    (parts.length > MOST_SEGMENTS + 1 ? '/*' : '')
  if (shown === path) {
    if (shownPaths.size >= MOST_KNOWN) shownPaths.clear()
    shownPaths.add(path)
  }
  return shown
}

/**
 * A router that hands on an error takes its mount path out of `baseUrl` before the error handler
 * answers. The URL still has it: the segments that are more than the template's.
 */
function lostMount (originalUrl, path) {
  if (typeof originalUrl !== 'string' || !/^[\w/:.-]*$/.test(path)) return ''
  const parts = originalUrl.split('?', 1)[0].split('/').filter(Boolean)
  const extra = parts.length - path.split('/').filter(Boolean).length
  return extra > 0 ? template(`/${parts.slice(0, extra).join('/')}`) : ''
}

module.exports = { methodOf, routeOf, shownTemplate, template, UNMATCHED }
