'use strict'

// Every 13 seconds a report of about 50 MB is built and dropped two seconds later.
exports.label = 'healthy'
exports.run = (load) => {
  load.rate(120, (i) => { load.handle(i) })
  load.every(13_000, () => {
    const report = Array.from({ length: 25_000 }, (_, i) => load.row(i, 1500))
    setTimeout(() => { report.length = 0 }, 2000)
  })
}
