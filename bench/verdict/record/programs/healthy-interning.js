'use strict'

// Names are interned; there are 90000 of them, and after a while most have been seen.
exports.label = 'healthy'
exports.run = (load) => {
  const names = new Map()
  const salt = load.text(300)
  load.rate(600, async (i) => {
    for (let j = 0; j < 6; j++) {
      const name = `customer ${Math.floor(load.random() * 90000)}`
      if (!names.has(name)) names.set(name, { name, slug: `${name}-${salt}`.toUpperCase(), count: 0 })
      names.get(name).count++
    }
    await load.handle(i)
  })
}
