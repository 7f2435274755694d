'use strict'

const { shopRequest } = require('../shop')

/** A sliding window for each address; an address that never returns keeps its window. */
function slidingWindow ({ windowMs, limit }) {
  const hits = new Map()
  return (req, res, next) => {
    const now = performance.now()
    const recent = (hits.get(req.ip) ?? []).filter((at) => now - at < windowMs)
    recent.push(now)
    hits.set(req.ip, recent)
    if (recent.length > limit) return res.sendStatus(429)
    next()
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'all', container: 'hits', line: 'hits.set(req.ip' },
  request: (n) => {
    const request = shopRequest(n)
    return { ...request, headers: { ...request.headers, 'x-forwarded-for': `2001:db8:${(n >> 16).toString(16)}::${(n & 65535).toString(16)}` } }
  },
  app (app) {
    app.set('trust proxy', true)
    app.use(slidingWindow({ windowMs: 60000, limit: 100 }))
  }
}
