'use strict'

// Failed jobs are kept with their error, its stack and what caused it.
exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const failed = []
  load.rate(700, async (i) => {
    const rows = await load.handle(i)
    try {
      if (load.random() < 0.08) throw new Error(`job ${i} of ${rows[0].name}`, { cause: rows[0] })
    } catch (error) {
      failed.push({ error, stack: error.stack })
    }
  })
}
