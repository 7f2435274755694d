'use strict'

const { randomBytes } = require('node:crypto')
const { oneIn } = require('../shop')

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /auth/login', container: 'activeTokens', line: 'activeTokens[token] = {' },
  request: oneIn(3, (k) => ({ method: 'POST', path: `/auth/login?user=u${k % 3000}` })),
  app (app, express) {
    global.activeTokens = {}
    const auth = express.Router()
    auth.post('/login', login)
    auth.get('/whoami', requireToken, (req, res) => res.json(req.claims))
    app.use('/auth', auth)
  }
}

function login (req, res) {
  const token = randomBytes(24).toString('base64url')
  global.activeTokens[token] = { sub: req.query.user, iat: new Date(), scopes: ['cart', 'orders', 'profile', 'wishlist', 'reviews'].flatMap((name) => [{ name, write: false }, { name, write: true }]), device: { ...req.headers } }
  res.json({ token })
}

function requireToken (req, res, next) {
  req.claims = global.activeTokens[req.get('authorization')]
  if (req.claims) next()
  else res.sendStatus(401)
}
