'use strict'

// Every 20 seconds a batch holds its rows for a few seconds, each time a different number of them.
exports.label = 'healthy'
exports.run = (load) => {
  load.rate(600, (i) => { load.handle(i) })
  load.every(20_000, () => {
    const rows = []
    const size = 3000 + load.random() * 6000
    const read = setInterval(() => {
      for (let i = 0; i < size / 50; i++) rows.push(load.row(i, 800))
      if (rows.length >= size) clearInterval(read)
    }, 100)
  })
}
