'use strict'

const { messageOf } = require('../errors')
const { isOurHost, isOurPage } = require('./guard')
const { uncounted } = require('./latency')
const { readPage } = require('./page')
const { Streams } = require('./streams')

const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin'
}

/**
 * Serves the page, its stream of events and its buttons, on nothing but what node:http itself gives.
 * @param {{
 *   source: {view: (subject: string) => object},
 *   actions: Record<string, () => Promise<string> | string>,
 *   hosts: string[],
 *   isHostChecked: boolean,
 *   maxStreams: number,
 *   path: string
 * }} given actions: by name, each answers with a sentence. isHostChecked: also for looking
 */
function createHandler ({ source, actions, hosts, isHostChecked, maxStreams, path }) {
  const streams = new Streams(maxStreams)
  const page = readPage(Object.keys(actions))

  function handle (req, res, next) {
    if (res.headersSent || res.writableEnded) return
    let isOurs
    try {
      isOurs = serve(req, res)
    } catch (error) {
      // The app must not fail for its page.
      answer(res, 500, messageOf(error))
      return
    }
    if (isOurs) return
    if (typeof next === 'function') next()
    else answer(res, 404, 'There is nothing here.')
  }

  /** @returns {boolean} whether the request is for the page */
  function serve (req, res) {
    const [target, query = ''] = (req.url ?? '/').split('?')
    const place = placeIn(target, path)
    const isAction = place !== undefined && Object.hasOwn(actions, place)
    if (isHostChecked && !isOurHost(req.headers.host, hosts)) answer(res, 403, 'This page answers at its address and at localhost only.')
    else if (place === '' && isRead(req)) send(res, 200, page.html, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': page.policy })
    else if (place === 'events' && isRead(req)) look(req, res, query)
    else if (place === '' || place === 'events') refuse(res, 'GET')
    else if (isAction && req.method === 'POST') act(req, res, actions[place])
    else if (isAction) refuse(res, 'POST')
    else return false
    return true
  }

  function look (req, res, query) {
    uncounted(res)
    if (req.method === 'HEAD') {
      answer(res, 200, '')
      return
    }
    // A page comes back by itself, also while the server waits for its last responses.
    if (streams.isClosed) {
      answer(res, 503, 'This page was closed.')
      return
    }
    if (streams.isFull) {
      answer(res, 503, `No more than ${maxStreams} may look at once (option maxStreams). Close another page of this kind.`, { 'Retry-After': '10' })
      return
    }
    const subject = new URLSearchParams(query).get('subject') ?? ''
    streams.open(res, subject, source.view(subject))
  }

  async function act (req, res, action) {
    if (!isOurPage(req, hosts)) {
      answer(res, 403, 'This was not asked by the page itself, or the page has a name that is not known here (option hosts).')
      return
    }
    try {
      answer(res, 200, await action())
    } catch (error) {
      answer(res, 500, messageOf(error))
    }
  }

  return { handle, streams }
}

/** @returns {string | undefined} what follows the path of the page; undefined elsewhere */
function placeIn (target, path) {
  const base = path.replace(/\/+$/, '')
  if (target === base) return ''
  return target.startsWith(`${base}/`) ? target.slice(base.length + 1) : undefined
}

function isRead ({ method }) {
  return method === 'GET' || method === 'HEAD'
}

function refuse (res, allowed) {
  answer(res, 405, `This is for ${allowed} only.`, { Allow: allowed })
}

function answer (res, status, text, headers = {}) {
  send(res, status, text, { 'Content-Type': 'text/plain; charset=utf-8', ...headers })
}

function send (res, status, body, headers) {
  if (res.destroyed || res.headersSent) return
  res.writeHead(status, { ...HEADERS, ...headers, 'Content-Length': Buffer.byteLength(body) })
  res.end(res.req?.method === 'HEAD' ? undefined : body)
}

module.exports = { createHandler }
