'use strict'

const { METHODS } = require('node:http')
const { createError } = require('../../errors')

/**
 * @typedef {{name: string, url: string, method: string, headers?: Record<string, string>, body?: string,
 *   isExpected: (status: number) => boolean}} Route
 */

/** 'POST /orders' */
const WITH_METHOD = /^([A-Z]+) (?=\/)/
/** In a path of Express: what stands for many paths. */
const PARAMETER = /[:*?+(){}[\]\\]/

/** @returns {string | undefined} what they must be, where they are not */
function urlsFault (urls) {
  const isText = (value) => value === undefined || typeof value === 'string'
  const isUrl = (url) => typeof url === 'string' && /^\/[!-~]*$/.test(url.replace(WITH_METHOD, ''))
  const isMethod = (method) => method === undefined || METHODS.includes(method)
  const isHeaders = (headers) => headers === undefined || (headers !== null && typeof headers === 'object' && Object.values(headers).every((value) => typeof value === 'string'))
  const isRoute = (each) => isUrl(each) ||
    (each !== null && typeof each === 'object' && isUrl(each.url) && isMethod(each.method) && isHeaders(each.headers) && isText(each.body) && statusFault(each.expectStatus) === undefined)
  return Array.isArray(urls) && urls.length > 0 && urls.every(isRoute) && urls.every((each) => isMethod(WITH_METHOD.exec(each)?.[1]))
    ? undefined
    : "an array of paths such as '/products/1' or 'POST /orders', or of { url, method, headers, body, expectStatus }"
}

/** @returns {string | undefined} */
function statusFault (expected) {
  const isStatus = (status) => Number.isInteger(status) && status >= 100 && status <= 599
  return expected === undefined || isStatus(expected) || (Array.isArray(expected) && expected.length > 0 && expected.every(isStatus))
    ? undefined
    : 'a status such as 404, or an array of them'
}

/**
 * @param {(string | Record<string, any>)[] | undefined} urls as checked
 * @param {number | number[] | undefined} expectStatus
 * @param {unknown} app that may tell its routes
 * @returns {{routes: Route[], leftOut: string[]}}
 * @throws ERR_TIDEMARK_SERVER where there are none
 */
function readRoutes (urls, expectStatus, app) {
  const told = urls === undefined ? expressRoutes(app) : { paths: urls, leftOut: [] }
  const routes = told.paths.map((each) => routeOf(typeof each === 'string' ? { url: each } : each, expectStatus))
  return { routes, leftOut: told.leftOut }
}

/** @returns {Route} */
function routeOf ({ url, method, headers, body, expectStatus }, common) {
  const [, verb = method ?? 'GET'] = WITH_METHOD.exec(url) ?? []
  const path = url.replace(WITH_METHOD, '')
  const expected = expectStatus ?? common
  const isExpected = expected === undefined ? (status) => status >= 200 && status < 400 : (status) => [].concat(expected).includes(/** @type {never} */ (status))
  return { name: `${verb} ${path}`, url: path, method: verb, headers, body, isExpected }
}

/** The GET routes that Express tells, without those that have parameters. */
function expressRoutes (app) {
  const handler = typeof app?.listeners === 'function' && typeof app !== 'function' ? app.listeners('request')[0] : app
  // oxlint-disable-next-line no-underscore-dangle -- Express 4 has no other name for it
  const stack = (handler?._router ?? routerOf(handler))?.stack
  if (!Array.isArray(stack)) {
    throw createError('ERR_TIDEMARK_SERVER', ['routes', 'does not tell its routes, as only an Express app does. Name what is to be requested: `urls: [\'/products/1\']`, on the command line --url /products/1'])
  }
  const all = stack.filter(({ route }) => route?.methods?.get).flatMap(({ route }) => [].concat(route.path)).map(String)
  const paths = [...new Set(all)].filter((path) => path.startsWith('/') && !PARAMETER.test(path))
  const leftOut = all.filter((path) => !paths.includes(path)).map((path) => `GET ${path}`)
  if (stack.some(({ handle }) => Array.isArray(handle?.stack))) leftOut.push('the routes of its routers')
  if (paths.length === 0) {
    throw createError('ERR_TIDEMARK_SERVER', ['routes', `has no GET route without parameters${leftOut.length === 0 ? '' : ` (there are ${leftOut.slice(0, 5).join(', ')})`}. Name what is to be requested: \`urls: ['/products/1']\`, on the command line --url /products/1`])
  }
  return { paths, leftOut }
}

/** Of Express 5; that of Express 4 is a getter that throws. */
function routerOf (app) {
  try {
    return app?.router
  } catch {
    return undefined
  }
}

module.exports = { readRoutes, statusFault, urlsFault }
