'use strict'

// A session store without expiry. Most visitors come again and keep their session, bots never do.
exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const sessions = new Map()
  load.rate(700, async (i) => {
    const id = load.random() < 0.06 ? `bot ${i}` : `user ${Math.floor(load.random() * 800)}`
    const session = sessions.get(id) ?? { id, cart: [load.row(i, 1200)], seen: 0 }
    session.seen++
    sessions.set(id, session)
    await load.handle(i)
  })
}
