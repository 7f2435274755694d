'use strict'

/**
 * Answers with what the monitor and the traffic say now, as JSON. Uses nothing but what node:http
 * itself gives, so it serves Express, connect and a plain server alike.
 * @param {() => object} read
 */
function createStatusHandler (read) {
  return function tidemarkStatus (req, res) {
    try {
      if (res.headersSent || res.writableEnded) return
      const body = json(read)
      res.statusCode = body === null ? 500 : 200
      res.setHeader('Content-Type', 'application/json; charset=utf-8')
      res.setHeader('Cache-Control', 'no-store')
      res.end(body ?? '{"error":"The status could not be read."}')
    } catch {
      // A response that takes no answer is not ours to save, and the app must not fail for its status page.
      giveUp(res)
    }
  }
}

function giveUp (res) {
  try {
    res.destroy()
  } catch {}
}

function json (read) {
  try {
    return JSON.stringify(read())
  } catch {
    return null
  }
}

module.exports = { createStatusHandler }
