'use strict'

const UNMATCHED = '(unmatched)'

/** What stands for one thing among many in a mounted path: a number, a UUID, a long hex id. */
const LOOKS_LIKE_ID = /^(?:\d+|[0-9a-f]{8}-[0-9a-f-]{27}|(?=.*\d)[0-9a-f]{12,})$/i

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
  const mounted = typeof baseUrl === 'string' && baseUrl !== ''
  if (route === undefined || route === null || route.path === undefined) {
    // A handler without a route, mounted by `app.use('/graphql', handler)`, is known by its mount.
    return mounted ? `${req.method} ${template(baseUrl)}/*` : UNMATCHED
  }
  const path = pathOf(route.path)
  if (mounted) return `${req.method} ${template(baseUrl)}${path === '/' ? '' : path}`
  return failed ? `${req.method} ${lostMount(req.originalUrl, path)}${path}` : `${req.method} ${path}`
}

/** Express takes a string, a RegExp or an array of both. */
function pathOf (path) {
  if (typeof path === 'string') return path
  return Array.isArray(path) ? path.map(String).join('|') : String(path)
}

/**
 * `baseUrl` is the URL as it came, with the values of parameters in the mount path in it, as in
 * `app.use('/users/:userId/orders', router)`. What looks like an id becomes ':id'.
 */
function template (baseUrl) {
  if (!/\d/.test(baseUrl)) return baseUrl
  return baseUrl.split('/').map((part) => LOOKS_LIKE_ID.test(part) ? ':id' : part).join('/')
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

module.exports = { routeOf, template, UNMATCHED }
