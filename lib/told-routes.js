'use strict'

const { channel } = require('node:diagnostics_channel')
const { dataProperty } = require('./evidence/data-property')
const { shownTemplate } = require('./route')

// Express leaves the route on the request. Other frameworks are told of: by themselves, or by an integration that
// publishes the template of a request on 'tidemark:route'. Nobody subscribes, and nothing is kept, while nobody counts.

/** Carries `{ request, template }`: the request of node:http, and '/users/:id'. */
const ROUTE = channel('tidemark:route')
/** Fastify's own, from version 5 on: `{ request, route: { url } }`, when a handler is about to answer. */
const FASTIFY_HANDLER = channel('tracing:fastify.request.handler:start')

/** Of a request. Shared, since one request has one template, whoever counts it. @type {WeakMap<object, string>} */
const told = new WeakMap()

let watchers = 0

/**
 * For an integration: which route a request has met. Any time before its response is finished.
 * @param {object} request of node:http
 * @param {unknown} template what is no text is not told
 */
function tellRoute (request, template) {
  if (ROUTE.hasSubscribers && typeof template === 'string') ROUTE.publish({ request, template })
}

/** From now on templates are kept. Called as often as `unwatchRoutes`. */
function watchRoutes () {
  if (watchers++ > 0) return
  ROUTE.subscribe(onRoute)
  FASTIFY_HANDLER.subscribe(onFastifyHandler)
}

function unwatchRoutes () {
  if (--watchers > 0) return
  ROUTE.unsubscribe(onRoute)
  FASTIFY_HANDLER.unsubscribe(onFastifyHandler)
}

/** @param {object} request of node:http @returns {string | undefined} names of the code alone */
function toldRoute (request) {
  return told.get(request)
}

// Whoever publishes may be the app: whatever goes wrong here, the request goes on.

function onRoute (message) {
  try {
    keep(dataProperty(message, 'request'), dataProperty(message, 'template'))
  } catch {}
}

function onFastifyHandler (message) {
  try {
    keep(dataProperty(dataProperty(message, 'request'), 'raw'), dataProperty(dataProperty(message, 'route'), 'url'))
  } catch {}
}

function keep (request, template) {
  if (typeof request === 'object' && request !== null && typeof template === 'string') told.set(request, shownTemplate(template))
}

module.exports = { tellRoute, toldRoute, unwatchRoutes, watchRoutes }
