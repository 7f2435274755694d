'use strict'

// All is well until a feature is switched on after 40 seconds.
exports.label = 'leak'
exports.channel = 'heap'
exports.onset = 0.44
exports.run = (load) => {
  const seen = new Map()
  load.rate(700, async (i) => {
    const rows = await load.handle(i, { rows: 25 })
    if (load.seconds() > 40) seen.set(i, rows[0])
  })
}
