'use strict'

const { shopRequest } = require('../shop')

module.exports = {
  label: 'healthy',
  // Every address is new; the window forgets them.
  request: (n) => {
    const request = shopRequest(n)
    return { ...request, headers: { ...request.headers, 'x-forwarded-for': `10.${n >> 16 & 255}.${n >> 8 & 255}.${n & 255}` } }
  },
  app (app) {
    const { rateLimit } = require('express-rate-limit')
    app.set('trust proxy', 1)
    app.use(rateLimit({ windowMs: 10000, limit: 1000, standardHeaders: true, legacyHeaders: false }))
  }
}
