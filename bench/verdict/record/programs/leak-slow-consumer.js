'use strict'

// A queue is filled a little faster than it is emptied.
const { wait } = require('../load')

exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const queue = []
  load.rate((t) => 500 + 150 * Math.sin(t / 3), async (i) => {
    await load.handle(i, { rows: 10 })
    queue.push(load.row(i, 2500))
  })
  const consume = async () => {
    for (;;) {
      queue.splice(0, 20)
      await wait(44)
    }
  }
  consume()
}
