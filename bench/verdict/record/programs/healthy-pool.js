'use strict'

// A database pool opens a connection every second or so until it has 40, each with its prepared statements.
exports.label = 'healthy'
exports.run = (load) => {
  const pool = []
  load.every(1100, () => {
    if (pool.length < 40) pool.push(Array.from({ length: 150 }, (_, i) => load.row(i, 1000)))
  })
  load.rate(700, (i) => { load.handle(i) })
}
