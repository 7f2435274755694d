'use strict'

// Traffic doubles over the recording; each connection holds its state for as long as it is open.
exports.label = 'healthy'
exports.run = (load) => {
  const connections = new Map()
  load.rate((t) => 20 + t / 2.5, (i) => {
    connections.set(i, Array.from({ length: 12 }, () => load.row(i, 700)))
    setTimeout(() => connections.delete(i), 6000 + 2000 * load.random())
  })
  load.rate((t) => 300 + 4 * t, (i) => { load.handle(i) })
}
