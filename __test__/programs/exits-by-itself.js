'use strict'

const tidemark = require('../..')

tidemark.on('leak', () => {})
tidemark.on('stats', () => {})
tidemark.start()
tidemark.gc()
console.log('end of main')
