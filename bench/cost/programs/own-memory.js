'use strict'

// What tidemark keeps for itself, with all default options and everything listened to.
const tidemark = require('../../..')

for (const event of ['leak', 'recovered', 'stats', 'gc']) tidemark.on(event, () => {})
tidemark.gc()
console.log(JSON.stringify(tidemark.status().cost))
process.exit(0)
