'use strict'

const { oneIn } = require('../shop')

class RoomRegistry {
  #rooms = new Map()

  join (name, member) {
    if (!this.#rooms.has(name)) this.#rooms.set(name, new Set())
    this.#rooms.get(name).add(member)
    return this.#rooms.get(name).size
  }

  leave (name, { id }) {
    // An equal member is not the same member: nothing is ever deleted.
    this.#rooms.get(name)?.delete({ id })
  }
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'POST /rooms/:room/members', container: 'rooms', line: '#rooms.get(name).add(' },
  request: oneIn(4, (k) => ({ method: 'POST', path: `/rooms/room-${k % 25}/members?user=${k}` })),
  app (app, express) {
    const rooms = new RoomRegistry()
    const router = express.Router({ mergeParams: true })
    router.post('/', (req, res) => {
      const member = { id: req.query.user, joined: new Date(), unread: Array.from({ length: 60 }, (_, i) => ({ id: i, read: false })) }
      const size = rooms.join(req.params.room, member)
      rooms.leave(req.params.room, member)
      res.status(201).json({ size })
    })
    app.use('/rooms/:room/members', router)
  }
}
