'use strict'

const { types: { isProxy, isRegExp } } = require('node:util')
const { methodOf, routeOf, template } = require('../../route')
const { toldRoute } = require('../../told-routes')
const { dataProperty } = require('../data-property')

/** At most this many routes have a name each, because a server without routes has as many names as URLs. */
const MOST_ROUTES = 64
/** From here on only the first segment of a path is told apart. */
const CROWDED = 48
const OTHER = '(other)'

/**
 * Names the route of a request that is over, and keeps what `create` makes for it: of each, at most
 * 64. Reads own data properties only, so no code of the app runs.
 * @template T
 */
class RouteNames {
  #create
  #byName = new Map()
  /** The last one that a route of Express led to: the same method and mount lead there again. */
  #byRoute = new WeakMap()

  /** @param {(name: string) => T} create */
  constructor (create) {
    this.#create = create
  }

  /** @returns {IterableIterator<T>} in the order in which they were first seen */
  all () {
    return this.#byName.values()
  }

  /**
   * @param {object} req
   * @param {object} res
   * @returns {T}
   */
  of (req, res) {
    const method = methodOf(dataProperty(req, 'method'))
    const told = toldRoute(req)
    if (told !== undefined) return this.#named(`${method} ${told}`)
    const baseUrl = dataProperty(req, 'baseUrl')
    if (typeof baseUrl !== 'string') return this.#named(nameOfUrl(method, dataProperty(req, 'url')))
    const route = dataProperty(req, 'route')
    const failed = dataProperty(res, 'statusCode') >= 400
    if (failed || typeof route !== 'object' || route === null) return this.#named(nameOfRoute(req, method, baseUrl, route, failed))
    const last = this.#byRoute.get(route)
    if (last !== undefined && last.method === method && last.baseUrl === baseUrl) return last.value
    const value = this.#named(nameOfRoute(req, method, baseUrl, route, false))
    this.#byRoute.set(route, { method, baseUrl, value })
    return value
  }

  #named (name) {
    let value = this.#byName.get(name)
    if (value !== undefined) return value
    const short = this.#byName.size < CROWDED ? name : this.#byName.size < MOST_ROUTES - 1 ? shorten(name) : OTHER
    value = this.#byName.get(short)
    if (value !== undefined) return value
    value = this.#create(short)
    this.#byName.set(short, value)
    return value
  }
}

/** Express was here: what it left without a route has none. */
function nameOfRoute (req, method, baseUrl, route, failed) {
  const path = dataProperty(route, 'path')
  return routeOf({
    method,
    baseUrl,
    originalUrl: dataProperty(req, 'originalUrl'),
    route: path === undefined ? undefined : { path: plain(path) }
  }, failed)
}

function nameOfUrl (method, url) {
  if (typeof url !== 'string') return method
  const query = url.indexOf('?')
  return `${method} ${template(query < 0 ? url : url.slice(0, query))}`
}

/** As a string; patterns are copied, so that no method of the app's own is called. */
function plain (path) {
  if (typeof path === 'string') return path
  if (isProxy(path)) return '(unknown)'
  if (Array.isArray(path)) return Array.from({ length: Math.min(path.length, 8) }, (_, i) => plain(dataProperty(path, i)))
  return isRegExp(path) ? String(new RegExp(path)) : '(unknown)'
}

/** '/posts/how-to-swim' is '/posts/*' where there are too many like it. */
function shorten (name) {
  const [start] = /^\S+ \/?[^/]*/.exec(name) ?? [name]
  return `${start}/*`
}

module.exports = { RouteNames, OTHER }
