'use strict'

// Sampling must keep no process alive.
const { SiteEvidence } = require('../../lib/evidence/sites')

new SiteEvidence().start()
setTimeout(() => console.log(JSON.stringify({ ends: true })), 500)
