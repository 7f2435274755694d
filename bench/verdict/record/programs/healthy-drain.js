'use strict'

// A backlog builds up for 25 seconds and is worked off in the 50 after that.
const { wait } = require('../load')

exports.label = 'healthy'
exports.run = (load) => {
  const queue = []
  load.rate((t) => (t > 10 && t < 35 ? 350 : 80), async (i) => {
    queue.push(load.row(i, 2500))
    await load.handle(i, { rows: 8 })
  })
  const consume = async () => {
    for (;;) {
      queue.splice(0, 4)
      await wait(22)
    }
  }
  consume()
}
