'use strict'

// Large documents are parsed and written all the time; of each, the audit trail keeps a line.
exports.label = 'leak'
exports.channel = 'heap'
exports.run = (load) => {
  const trail = []
  const document = JSON.stringify(Array.from({ length: 1500 }, (_, i) => load.row(i, 200)))
  load.rate(30, (i) => {
    const parsed = JSON.parse(document)
    parsed[0].changed = i
    trail.push({ i, at: new Date(), change: parsed.slice(0, 20).map((row) => `${row.name} ${row.body}`) })
    JSON.stringify(parsed)
  })
}
