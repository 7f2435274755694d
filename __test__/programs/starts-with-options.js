'use strict'

const tidemark = require('../..')

const before = tidemark.status().running
tidemark.start({ detector: 'memwatch' })
console.log(JSON.stringify({ before, detector: tidemark.status().detector }))
