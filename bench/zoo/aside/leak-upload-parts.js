'use strict'

const { oneIn } = require('../shop')

const PARTS = 4

class ResumableUploads {
  #byUser = new Map()

  /** @returns {Buffer | undefined} the whole, once the last part of it has come */
  add (user, id, part, bytes) {
    if (!this.#byUser.has(user)) this.#byUser.set(user, new Map())
    const parts = this.#byUser.get(user)
    if (!parts.has(id)) parts.set(id, [])
    const chunks = parts.get(id)
    chunks[part] = bytes
    if (Object.keys(chunks).length < PARTS) return undefined
    parts.delete(id)
    return Buffer.concat(chunks)
  }
}

const CHUNK = 'jpeg'.repeat(1200)

module.exports = {
  label: 'leak',
  channel: ['external', 'native', 'heap'],
  culprit: { route: 'PUT /users/:user/uploads/:id/:part', container: 'byUser', line: 'chunks[part] = bytes' },
  // Every other upload is given up before its last part, in a tunnel.
  request: oneIn(4, (k) => {
    const upload = Math.floor(k / PARTS)
    if (upload % 2 === 0 && k % PARTS === PARTS - 1) return { path: `/users/u${upload % 200}/photos` }
    return {
      method: 'PUT',
      path: `/users/u${upload % 200}/uploads/${upload}/${k % PARTS}`,
      headers: { 'content-type': 'application/octet-stream' },
      body: CHUNK
    }
  }),
  app (app, express) {
    const uploads = new ResumableUploads()
    const photos = new Map()
    app.get('/users/:user/photos', (req, res) => res.json({ bytes: photos.get(req.params.user) ?? 0 }))
    app.put('/users/:user/uploads/:id/:part', express.raw({ limit: '64kb' }), (req, res) => {
      const { user, id, part } = req.params
      const photo = uploads.add(user, id, Number(part), req.body)
      if (photo) photos.set(user, photo.length)
      res.status(photo ? 201 : 202).end()
    })
  }
}
