'use strict'

const { CensusEvidence } = require('./evidence')
const { census } = require('./on-demand')

module.exports = { CensusEvidence, census }
