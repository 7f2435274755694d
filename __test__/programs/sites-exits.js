'use strict'

// Sampling must keep no process alive.
const { SiteEvidence } = require('../../lib/evidence/sites')
const { createMeans } = require('../helpers/means')

new SiteEvidence(createMeans()).start()
setTimeout(() => console.log(JSON.stringify({ ends: true })), 500)
