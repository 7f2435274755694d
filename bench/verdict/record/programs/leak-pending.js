'use strict'

// Answers of a message broker are matched by id; those that never come are never forgotten.
exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const waiting = new Map()
  load.rate(700, async (i) => {
    const body = load.row(i, 3000)
    const answer = new Promise((resolve) => waiting.set(i, resolve)).then(() => body.id)
    load.handle(i, { rows: 10 }).then(() => {
      if (load.random() < 0.04) return
      waiting.get(i)()
      waiting.delete(i)
    })
    await answer
  })
}
