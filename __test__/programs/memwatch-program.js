'use strict'

// A program as they were written for memwatch-next: only the require line is another.
const memwatch = require('../..')

const heard = { leaks: [], stats: [] }

memwatch.on('leak', function (info) {
  heard.leaks.push(info)
})

memwatch.on('stats', function (stats) {
  heard.stats.push({ stats, leaksBefore: heard.leaks.length })
})

// The classic rule is an option here; in memwatch it was all there was.
memwatch.start({ detector: 'memwatch' })

const leaked = []
let round = 0

function leak () {
  for (let i = 0; i < 20000; i++) leaked.push({ round, text: `item ${i} of ${round}` })
  memwatch.gc()
  if (++round < 13) {
    setTimeout(leak, 10)
  } else {
    setTimeout(function () {
      console.log(JSON.stringify({ ...heard, returned: memwatch.gc() === undefined }))
      process.exit(0)
    }, 100)
  }
}

leak()
