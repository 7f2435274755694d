'use strict'

const { clearTimeout, setTimeout } = require('node:timers')
const { messageOf } = require('../errors')
const { DeliveryError } = require('./outbox')

/** Milliseconds. */
const CONNECT_MS = 3000

/** Answers that a later try may not get. */
const MAY_PASS = [408, 425, 429]

/** By format: what is sent. Slack's form is understood by Mattermost, Rocket.Chat, Discord (with /slack) and Teams' workflows. */
const BODIES = {
  slack: ({ text }) => ['application/json', JSON.stringify({ text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;') })],
  json: (message) => ['application/json', JSON.stringify(message)],
  plain: ({ text }) => ['text/plain; charset=utf-8', `${text}\n`]
}

/**
 * One try to post a message. A redirect is not followed: only what was named is contacted.
 * @param {string} url
 * @param {{headers?: Record<string, string>, format: keyof typeof BODIES, timeoutMs: number}} options
 * @param {{text: string}} message
 * @returns {Promise<void>}
 */
function post (url, { headers, format, timeoutMs }, message) {
  const [type, body] = BODIES[format](message)
  const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http')
  return new Promise((resolve, reject) => {
    const failed = (text, mayPass, cause) => reject(new DeliveryError(text, { mayPass, cause }))
    const req = request(url, {
      method: 'POST',
      headers: { 'User-Agent': 'tidemark', ...headers, 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) },
      agent: false,
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true
    })
    const timer = setTimeout(() => req.destroy(new Error(`it did not answer within ${timeoutMs} ms`)), timeoutMs)
    // A connection that is being made keeps the process alive, whatever its socket says: not for long.
    const connecting = setTimeout(() => req.destroy(new Error(`there was no connection within ${CONNECT_MS} ms`)), Math.min(CONNECT_MS, timeoutMs))
    for (const each of [timer, connecting]) each.unref?.()
    req.on('socket', (socket) => {
      socket.unref?.()
      socket.once('connect', () => clearTimeout(connecting))
    })
    req.on('error', (error) => failed(messageOf(error), !isRefusal(error), error))
    req.once('close', () => {
      clearTimeout(timer)
      clearTimeout(connecting)
    })
    req.once('response', (res) => {
      const { statusCode } = res
      // What it says is of no use, and may have no end.
      res.on('error', () => {}).destroy()
      if (statusCode >= 200 && statusCode < 300) resolve()
      else if (statusCode >= 300 && statusCode < 400) failed(`it answered ${statusCode}, a redirect, which is not followed`, false)
      else failed(`it answered ${statusCode}`, statusCode >= 500 || MAY_PASS.includes(statusCode))
    })
    req.end(body)
  })
}

/** A certificate that is wrong is wrong at the next try, too. */
function isRefusal ({ code }) {
  return typeof code === 'string' && /CERT|^ERR_TLS|^ERR_INVALID|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)
}

module.exports = { post }
