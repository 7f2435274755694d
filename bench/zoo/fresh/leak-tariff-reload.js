'use strict'

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { oneIn } = require('../shop')

/** The file that the people of the back office edit. */
function writeTariffs () {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'tariffs-')), 'tariffs.json')
  const zones = Array.from({ length: 60 }, (_, i) => ({ zone: `z${i}`, base: 390 + i * 5, perKg: 0.8 + i / 100, days: [1 + i % 3, 2 + i % 4] }))
  fs.writeFileSync(file, JSON.stringify({ valid: '2026-01-01', zones }))
  return file
}

/** Always as the file is now: what `require` remembers of it is forgotten first. */
function reload (file) {
  delete require.cache[file]
  return require(file)
}

module.exports = {
  label: 'leak',
  channel: ['heap'],
  culprit: { route: 'GET /shipping/:zone', container: 'children', line: 'return require(file)' },
  request: oneIn(6, (k) => k % 5 === 4 ? { path: '/shipping' } : { path: `/shipping/z${k % 60}?kg=${1 + k % 9}` }),
  app (app) {
    const file = writeTariffs()
    app.get('/shipping', (req, res) => res.json({ carriers: ['post', 'courier'] }))
    app.get('/shipping/:zone', (req, res) => {
      const { base, perKg, days } = reload(file).zones.find(({ zone }) => zone === req.params.zone)
      res.json({ cents: Math.round(base + perKg * 100 * Number(req.query.kg)), days })
    })
  }
}
