'use strict'

// A log for the support team grows by concatenation and is sent when somebody asks for it.
exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  let log = ''
  load.rate(700, async (i) => {
    const rows = await load.handle(i)
    log += `${new Date().toISOString()} request ${i} ended with ${rows.length} rows\n`
    if (i % 1000 === 999) rows.length = log.indexOf('\u0000') + 1
  })
}
