'use strict'

const { subscribe, unsubscribe } = require('node:diagnostics_channel')

// When a response is over: finished, or its connection gone. For a response of a node:http server
// Node.js's own channels say so, with no listener on the response. Every other response (http2,
// serverless adapters, injected requests, wrapped ones) gets two listeners.

/**
 * On a response: `null` where the channels will report its end, then the `Exchange`. Lives and dies
 * with the response.
 */
const EXCHANGE = Symbol('tidemark.exchange')

/** On a connection: its responses that are not finished, several where requests are pipelined. */
const UNFINISHED = Symbol('tidemark.unfinished')

/** @type {Record<string, (message: any) => void>} Node.js's own shapes, which its types do not tell */
const CHANNELS = { 'http.server.request.start': onRequestStart, 'http.server.response.finish': onResponseFinish }

let watchers = 0

/** From now on the channels report ends. Called as often as `unwatch`. */
function watch () {
  // Before Node 18.7 there are the listeners only.
  if (typeof subscribe !== 'function' || watchers++ > 0) return
  for (const [name, onMessage] of Object.entries(CHANNELS)) subscribe(name, onMessage)
}

function unwatch () {
  if (typeof subscribe !== 'function' || --watchers > 0) return
  for (const [name, onMessage] of Object.entries(CHANNELS)) unsubscribe(name, onMessage)
}

/**
 * Follows a response to its end, unless it is followed already or has ended.
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse & {[EXCHANGE]?: Exchange | null}} res
 * @param {{begun (req: object): Exchange}} traffic makes what hears of the end
 *
 * @typedef {{finished (res: object): void, gone (): void}} Exchange one of the two is called, once
 */
function follow (req, res, traffic) {
  const known = res[EXCHANGE]
  if (known || res.writableEnded) return
  // What wraps a response is not what emits.
  const emits = Object.hasOwn(res, '_events')
  res[EXCHANGE] = traffic.begun(req)
  if (known === null && emits && followConnection(req.socket, res)) return
  // 'close' comes after 'finish', and alone when the request was aborted. Some in-process servers never emit it.
  res.on('finish', emits ? onFinish : onFinish.bind(res))
  res.on('close', emits ? onClose : onClose.bind(res))
}

function followConnection (socket, res) {
  if (socket === null || socket === undefined || socket.destroyed) return false
  let unfinished = socket[UNFINISHED]
  if (unfinished === undefined) {
    unfinished = socket[UNFINISHED] = new Set()
    socket.once('close', onConnectionClose)
  }
  unfinished.add(res)
  return true
}

// Shared by all responses: no closure per request. An event of a stream or a channel must not throw
// into the server, so what a strange `req` or `res` throws ends here.

function onRequestStart ({ response }) {
  try {
    response[EXCHANGE] = null
  } catch {}
}

function onResponseFinish ({ response, socket }) {
  try {
    const exchange = response[EXCHANGE]
    if (exchange === null || exchange === undefined) return
    socket[UNFINISHED]?.delete(response)
    onFinish.call(response)
  } catch {}
}

/** @this {any} a socket, which has what was put on it under a symbol */
function onConnectionClose () {
  for (const res of this[UNFINISHED]) onClose.call(res)
  this[UNFINISHED].clear()
}

/** @this {any} a response, as above */
function onFinish () {
  try {
    this[EXCHANGE].finished(this)
  } catch {}
}

/** @this {any} a response, as above */
function onClose () {
  try {
    this[EXCHANGE].gone()
  } catch {}
}

module.exports = { watch, unwatch, follow }
