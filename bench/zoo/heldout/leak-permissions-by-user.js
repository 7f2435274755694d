'use strict'

const { oneIn } = require('../shop')

// A WeakMap would do, were its keys not kept by the list of who is online.
const permissions = new WeakMap()
const presence = { online: [] }

function authenticate (req, res, next) {
  req.user = { id: req.get('x-user'), roles: ['editor', 'author'] }
  presence.online.push(req.user)
  next()
}

function permissionsOf (user) {
  if (!permissions.has(user)) {
    permissions.set(user, user.roles.flatMap((role) => Array.from({ length: 30 }, (_, i) => ({ role, resource: `res-${i}`, write: i % 2 === 0 }))))
  }
  return permissions.get(user)
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /admin/articles/:id', container: 'online', line: 'online.push(' },
  request: oneIn(4, (k) => ({ path: `/admin/articles/${k % 900}`, headers: { 'x-user': `user-${k % 200}` } })),
  app (app, express) {
    const admin = express.Router()
    admin.use(authenticate)
    admin.get('/articles/:id', (req, res) => {
      res.json({ id: req.params.id, allowed: permissionsOf(req.user).filter(({ write }) => write).length })
    })
    app.use('/admin', admin)
  }
}
