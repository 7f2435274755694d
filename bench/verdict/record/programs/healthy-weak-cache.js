'use strict'

// What was computed for a session lives in a WeakMap; the sessions rotate.
exports.label = 'healthy'
exports.run = (load) => {
  const derived = new WeakMap()
  const sessions = Array.from({ length: 4000 }, (_, i) => ({ id: i }))
  load.rate(700, async (i) => {
    const at = Math.floor(load.random() * sessions.length)
    if (load.random() < 0.2) sessions[at] = { id: i }
    const session = sessions[at]
    if (!derived.has(session)) derived.set(session, [load.row(i, 1500), load.row(i, 1500)])
    await load.handle(i)
  })
}
