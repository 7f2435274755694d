'use strict'

/** Repeats the first answer to whoever sends the same key again. */
function idempotency ({ header = 'idempotency-key' } = {}) {
  const answered = new Map()
  return (req, res, next) => {
    const key = req.get(header)
    if (key === undefined) return next()
    const earlier = answered.get(key)
    if (earlier !== undefined) return res.status(earlier.status).json(earlier.body)
    const json = res.json
    res.json = (body) => {
      answered.set(key, { status: res.statusCode, body, headers: req.headers })
      return json.call(res, body)
    }
    next()
  }
}

module.exports = { idempotency }
